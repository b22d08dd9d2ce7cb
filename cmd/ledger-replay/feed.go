package main

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// feed is a log in memory, as narrow as a sender needs one: records come in at one
// end, are read as often as the sender likes, and leave when they are acked, in any
// order. put waits while it is full, which bounds the memory of a replay (R4).
//
// It is the [sender.Source] and, because nothing outlives a replay, the
// [sender.Store] too.
type feed struct {
	max int // batches

	mu      sync.Mutex
	batches []*wal.Batch  // what is not acked
	top     wal.Offset    // the highest that was acked
	acked   int           // records
	ended   bool          // no more batches come
	changed chan struct{} // closed and replaced when a batch came
	room    chan struct{} // closed and replaced when one left
	drained chan struct{} // closed when ended and empty
}

var (
	_ sender.Source = (*feed)(nil)
	_ sender.Store  = (*feed)(nil)
)

func newFeed(maxBatches int) *feed {
	return &feed{
		max: maxBatches, changed: make(chan struct{}), room: make(chan struct{}), drained: make(chan struct{}),
	}
}

// put adds a batch behind the others and owns it from then on.
func (f *feed) put(ctx context.Context, b *wal.Batch) error {
	for {
		f.mu.Lock()
		if len(f.batches) < f.max {
			f.batches = append(f.batches, b)
			close(f.changed)
			f.changed = make(chan struct{})
			f.mu.Unlock()
			return nil
		}
		room := f.room
		f.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// end says that nothing more comes.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	f.drain()
}

// drain closes drained once. f.mu is held.
func (f *feed) drain() {
	if !f.ended || len(f.batches) > 0 {
		return
	}
	select {
	case <-f.drained:
	default:
		close(f.drained)
	}
}

// progress returns how many records are acked, and the offset up to which all are.
func (f *feed) progress() (acked int, head wal.Offset) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.acked, f.settled()
}

// settled returns the offset up to which nothing is left to ack: where a replay that
// stops here has to go on. f.mu is held.
func (f *feed) settled() wal.Offset {
	if len(f.batches) == 0 {
		return f.top
	}
	return min(f.top, f.batches[0].First()-1)
}

// Read implements [sender.Source]. It never joins two of the batches that came in.
func (f *feed) Read(b *wal.Batch, after wal.Offset, lim wal.Limits) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	b.Reset()
	for _, have := range f.batches {
		if have.Last() > after {
			copyBatch(b, have, after, lim)
			return nil
		}
	}
	return nil
}

// copyBatch copies the records of from behind an offset, within lim.
func copyBatch(b, from *wal.Batch, after wal.Offset, lim wal.Limits) {
	b.Epoch, b.Resource, b.Oldest = from.Epoch, from.Resource, from.Oldest
	for i, e := range from.Entries {
		if e.Offset <= after {
			continue
		}
		p := from.Record(i)
		full := lim.Records > 0 && b.Len() == lim.Records || lim.Bytes > 0 && len(b.Data)+len(p) > lim.Bytes
		if full && b.Len() > 0 {
			return
		}
		b.Data = append(b.Data, p...)
		b.Entries = append(b.Entries, wal.Entry{Offset: e.Offset, End: len(b.Data)})
	}
}

// Backlog implements [sender.Source]. Oldest is left zero, which makes the sender
// send at once: what comes in is batches already.
func (f *feed) Backlog(after wal.Offset) wal.Backlog {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out wal.Backlog
	for _, have := range f.batches {
		for i, e := range have.Entries {
			if e.Offset > after {
				out.Records += have.Len() - i
				out.Bytes += int64(len(have.Data) - e.End + len(have.Record(i)))
				break
			}
		}
	}
	return out
}

// Changed implements [sender.Source].
func (f *feed) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// Head implements [sender.Source].
func (f *feed) Head() wal.Offset {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.settled()
}

// Through implements [sender.Source].
func (f *feed) Through() wal.Offset {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.batches); n > 0 {
		return max(f.top, f.batches[n-1].Last())
	}
	return f.top
}

// Ack implements [sender.Source]: it forgets the records of the batch, and keeps those
// before it that are not acked yet. Nothing in the directory hears of it (R3).
func (f *feed) Ack(b *wal.Batch) wal.Checkpoint {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.top = max(f.top, b.Last())
	for _, have := range f.batches {
		f.acked += drop(have, b)
	}
	if n := len(f.batches); n > 0 {
		f.batches = slices.DeleteFunc(f.batches, func(b *wal.Batch) bool { return b.Len() == 0 })
		if len(f.batches) < n {
			close(f.room)
			f.room = make(chan struct{})
		}
	}
	f.drain()
	head := f.settled()
	return wal.Checkpoint{Epoch: b.Epoch, Head: head, Last: head}
}

// drop takes the records of gone out of a batch and returns how many that were.
func drop(b, gone *wal.Batch) int {
	if b.Last() < gone.First() || gone.Last() < b.First() {
		return 0
	}
	before, start := b.Len(), 0
	kept, data := b.Entries[:0], b.Data[:0]
	for _, e := range b.Entries {
		_, found := slices.BinarySearchFunc(gone.Entries, e.Offset, func(g wal.Entry, o wal.Offset) int { return cmp.Compare(g.Offset, o) })
		if !found {
			data = append(data, b.Data[start:e.End]...)
			kept = append(kept, wal.Entry{Offset: e.Offset, End: len(data)})
		}
		start = e.End
	}
	b.Entries, b.Data = kept, data
	return before - b.Len()
}

// Bury implements [sender.Source]. The sender of a replay has no place for dead
// letters and so never makes one.
func (f *feed) Bury(b *wal.Batch) wal.Checkpoint { return f.Ack(b) }

// Reclaim implements [sender.Source]: Ack has done it.
func (f *feed) Reclaim(wal.Checkpoint) {}

// Counters implements [sender.Store].
func (f *feed) Counters() sender.Counters { return sender.Counters{} }

// Save implements [sender.Store]: there is nothing to outlive.
func (f *feed) Save(wal.Checkpoint, sender.Counters) error { return nil }

// AddCounters implements [sender.Store].
func (f *feed) AddCounters(sender.Counters) error { return nil }

// Learned implements [sender.Store].
func (f *feed) Learned() sender.Learned { return sender.Learned{} }

// Learn implements [sender.Store].
func (f *feed) Learn(sender.Learned) error { return nil }
