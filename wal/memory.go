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
	if through = min(through, l.books.last); l.faultErr != nil && through > l.exposed {
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
	return l.books.punch(l.synced+1, before-1, false)
}

// readable returns the offset up to which records can be read. Caller holds mu.
func (l *Log) readable() Offset { return max(l.synced, l.exposed) }

// readMemory fills an empty batch from what the disk did not take.
func (l *Log) readMemory(b *Batch, from Offset, lim Limits) {
	l.eachInMemory(from, func(it item) bool {
		if !b.takes(it, lim) {
			return false
		}
		b.add(it)
		return true
	})
}

// firstInMemory returns the first record at or after from that the disk did not
// take, or an item of kind itemEnd. Its payload is not to be touched.
func (l *Log) firstInMemory(from Offset) item {
	first := item{kind: itemEnd}
	l.eachInMemory(from, func(it item) bool {
		first = item{kind: itemFrame, head: it.head}
		return false
	})
	return first
}

// eachInMemory calls f, under mu, with the pending records that are exposed, as
// long as it returns true. It holds mu for the copying of a batch: a run may be
// reused once mu is free.
func (l *Log) eachInMemory(from Offset, f func(item) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := l.readable()
	from = max(from, l.books.head+1)
	for _, r := range l.unsynced {
		if r.Last() < from {
			continue
		}
		for rest := r.frames(); len(rest) > 0; {
			h, payload, ok := frame.Parse(rest, l.seed)
			o := Offset(h.Offset)
			if !ok || o > end {
				return
			}
			rest = rest[frame.Size(len(payload)):]
			if o >= from && l.books.between(o-1, o) == 1 && !f(item{kind: itemFrame, head: h, payload: payload}) {
				return
			}
		}
	}
}

// unsyncedBytes estimates the bytes of the pending records after from that are not
// known to be on disk. Caller holds mu.
func (l *Log) unsyncedBytes(from Offset) int64 {
	from = max(from, l.synced)
	var sum int64
	for _, r := range l.unsynced {
		if r.Last() > from {
			left := l.books.between(max(from, r.Base-1), r.Last())
			sum += int64(float64(len(r.frames())) * float64(left) / float64(r.Count))
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
		return r.Last() < l.books.last && l.books.between(max(l.books.head, r.Base-1), r.Last()) == 0
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
	gap -= min(gap, l.books.lostIn(l.reach+1, r.Base-1))
	if told := uint32(min(gap, 1<<32-1)); told > h.Skipped {
		frame.Reskip(r.frames(), told, l.seed)
	}
}
