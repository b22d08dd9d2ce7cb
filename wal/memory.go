package wal

import "github.com/ledger-sdk/ledger-go/internal/frame"

// While the disk takes nothing the log holds in memory what it could not write. Those
// records need not wait for the disk to be delivered: the server is the safer place.

// Expose lets the records up to through, as far as they were appended, be read
// from memory until the log heals. The caller sees to it that they survive the
// process some other way, in a mapped ring say. It does nothing to a log that is well.
//
// It is the one exception to W4. The other promises stand: what is acked needs no
// sync (W2), and is not written when the log heals.
func (l *Log) Expose(through Offset) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if through = min(through, l.last()); l.faultErr != nil && through > l.exposed {
		l.exposed = through
		l.wake()
	}
}

// EvictUnsynced gives up, while the log is poisoned, the records before the offset
// before that only memory holds, and returns how many: whoever kept them safe from
// a kill does so no longer. Older records, which are on disk, stay.
func (l *Log) EvictUnsynced(before Offset) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.faultErr == nil || before <= l.synced+1 {
		return 0
	}
	var gone uint64
	for _, r := range l.readers {
		gone = max(gone, r.books.punch(l.synced+1, before-1, shed))
	}
	return gone
}

// readable returns the offset up to which records can be read. Caller holds mu.
func (l *Log) readable() Offset { return max(l.synced, l.exposed) }

// readMemory fills an empty batch from what the disk did not take.
func (r *Reader) readMemory(b *Batch, from Offset, lim Limits) {
	r.eachInMemory(from, func(it item) bool {
		if !b.takes(it, lim) {
			return false
		}
		b.add(it)
		return true
	})
}

// firstInMemory returns the first record at or after from that the disk did not
// take, or an item of kind itemEnd. Its payload is not to be touched.
func (r *Reader) firstInMemory(from Offset) item {
	first := item{kind: itemEnd}
	r.eachInMemory(from, func(it item) bool {
		first = item{kind: itemFrame, head: it.head}
		return false
	})
	return first
}

// eachInMemory calls f, under mu, with the pending records that are exposed, as
// long as it returns true. It holds mu for the copying of a batch: a run may be
// reused once mu is free.
func (r *Reader) eachInMemory(from Offset, f func(item) bool) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	end := l.readable()
	for _, run := range l.unsynced {
		if run.Last() < from {
			continue
		}
		for rest := run.frames(); len(rest) > 0; {
			h, payload, ok := frame.Parse(rest, l.seed)
			o := Offset(h.Offset)
			if !ok || o > end {
				return
			}
			rest = rest[frame.Size(len(payload)):]
			if o >= from && r.books.isPending(o) && !f(item{kind: itemFrame, head: h, payload: payload}) {
				return
			}
		}
	}
}

// unsyncedBytes estimates the bytes of the pending records after from that are not
// known to be on disk. Caller holds mu.
func (r *Reader) unsyncedBytes(from Offset) int64 {
	from = max(from, r.log.synced)
	var sum int64
	for _, run := range r.log.unsynced {
		if run.Last() > from {
			left := r.books.between(max(from, run.Base-1), run.Last())
			sum += int64(float64(len(run.frames())) * float64(left) / float64(run.Count))
		}
	}
	return sum
}

// shed forgets the unsynced runs of which nothing is pending: a server has them, or
// a cap took them. The last one stays, so that the log knows how far its offsets went
// even if nothing else is stored any more (W1). Caller holds io.
func (l *Log) shed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(func(r *Run) bool {
		return r.Last() < l.last() && l.pendingIn(r.Base-1, r.Last()) == 0
	})
}

// tellGap has the first frame of a run say how many offsets before it were settled
// while they were in memory only, so that recovery does not take them for lost.
// Caller holds io.
func (l *Log) tellGap(r *Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, _, _ := frame.Peek(r.frames())
	gap := uint64(r.Base - 1 - l.reach)
	gap -= min(gap, l.readers[0].books.lostIn(l.reach+1, r.Base-1))
	if told := uint32(min(gap, 1<<32-1)); told > h.Skipped {
		frame.Reskip(r.frames(), told, l.seed)
	}
}
