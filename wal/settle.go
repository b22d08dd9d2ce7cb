package wal

import (
	"math"
	"time"
)

// Ack settles the records of a batch as delivered and returns the checkpoint to
// store. Batches may be acked in any order: what is settled out of its turn is kept as
// a range of the checkpoint until the head gets there. Records of the batch that were
// evicted while it was on its way count as delivered after all: the server has them.
func (r *Reader) Ack(b *Batch) Checkpoint { return r.settle(b, delivered) }

// Bury settles the records of a batch as dead letters, which are durable elsewhere (S1),
// and returns the checkpoint to store.
func (r *Reader) Bury(b *Batch) Checkpoint { return r.settle(b, dead) }

func (r *Reader) settle(b *Batch, f fate) Checkpoint {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	// From the end: the head must not move over a record before it is marked.
	for end, i := len(b.Entries)-1, len(b.Entries)-1; i >= 0; i-- {
		if i == 0 || b.Entries[i].Offset != b.Entries[i-1].Offset+1 { // A run begins here.
			r.books.mark(b.Entries[i].Offset, b.Entries[end].Offset, f)
			end = i - 1
		}
	}
	if l.faultErr != nil {
		// What was sent from memory needs the disk no more (W2).
		l.synced = max(l.synced, min(l.head(), l.exposed))
	}
	return r.checkpoint()
}

// Lose books the offsets after the last up to through as lost: they were admitted,
// and nothing holds their records any more. It returns how many they are.
func (l *Log) Lose(through Offset) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.last()
	if through <= last {
		return 0
	}
	for _, r := range l.readers {
		r.books.addHole(last+1, through, lost)
	}
	return uint64(through - last)
}

// Evict gives up the oldest n pending records of this reader, or fewer if there are
// fewer, and returns how many. They need not be synced: what is given up needs no
// promise.
func (r *Reader) Evict(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.evict(n)
}

func (r *Reader) evict(n uint64) uint64 { return r.books.giveUp(r.books.nth(n), evicted) }

// EvictBytes gives up the oldest pending records until about excess bytes of them
// are gone, going by the mean size of the records in each segment.
func (r *Reader) EvictBytes(excess int64) uint64 {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	var gone uint64
	for _, s := range r.log.segments {
		if excess <= 0 {
			break
		}
		if s.records == 0 || s.last <= r.books.head {
			continue
		}
		mean := max(float64(s.payload)/float64(s.records), 1)
		left := r.books.pendingThrough(s.last)
		n := min(left, uint64(math.Ceil(float64(excess)/mean)))
		gone += r.evict(n)
		excess -= int64(float64(n) * mean)
	}
	return gone
}

// EvictBefore gives up the pending records that were admitted before t and
// returns how many. It reads at most one segment from the disk.
func (r *Reader) EvictBefore(t time.Time) uint64 {
	cut := t.UnixNano()
	r.log.mu.Lock()
	var whole Offset
	mixed := false
	for _, s := range r.log.segments {
		if s.records == 0 || s.last <= r.books.head {
			continue
		}
		if s.lastTime >= cut {
			mixed = s.firstTime < cut
			break
		}
		whole = s.last
	}
	gone := r.books.giveUp(whole, expired)
	r.log.mu.Unlock()
	if mixed {
		gone += r.evictMixed(cut)
	}
	return gone
}

// evictMixed walks the oldest segment up to the first record that is not older
// than cut.
func (r *Reader) evictMixed(cut int64) uint64 {
	c := &r.looking
	c.mu.Lock()
	var last Offset
	for from := r.Head() + 1; ; {
		it, err := r.peek(c, from)
		if err != nil || it.kind != itemFrame || it.head.Time >= cut {
			break
		}
		last = Offset(it.head.Offset)
		from = last + 1
	}
	c.mu.Unlock()
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.books.giveUp(last, expired)
}
