package wal

import (
	"math"
	"time"
)

// Ack settles the records of a batch as delivered and returns the checkpoint to
// store. Batches must be acked in the order of their offsets: everything before
// the batch is settled with it. Records of the batch that were evicted while it
// was on its way count as delivered after all: the server has them.
func (l *Log) Ack(b *Batch) Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	var late uint64
	for i := range b.Entries {
		if b.Entries[i].Offset > l.books.head {
			break
		}
		late++
	}
	l.books.evicted -= min(late, l.books.evicted)
	l.books.settle(b.Last(), false)
	if l.faultErr != nil {
		// What was sent from memory needs the disk no more (W2).
		l.synced = max(l.synced, min(l.books.head, l.exposed))
	}
	return l.checkpointLocked()
}

// Lose books the offsets after the last up to through as lost: they were admitted,
// and nothing holds their records any more. It returns how many they are.
func (l *Log) Lose(through Offset) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if through <= l.books.last {
		return 0
	}
	n := uint64(through - l.books.last)
	l.books.addHole(l.books.last+1, through, true)
	return n
}

// Evict gives up the oldest n pending records, or fewer if there are fewer, and
// returns how many. They need not be synced: what is given up needs no promise.
func (l *Log) Evict(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.evictLocked(n)
}

func (l *Log) evictLocked(n uint64) uint64 {
	return l.books.settle(l.books.nth(n), true)
}

// EvictBytes gives up the oldest pending records until about excess bytes of them
// are gone, going by the mean size of the records in each segment.
func (l *Log) EvictBytes(excess int64) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var evicted uint64
	for _, s := range l.segments {
		if excess <= 0 {
			break
		}
		if s.records == 0 || s.last <= l.books.head {
			continue
		}
		mean := max(float64(s.payload)/float64(s.records), 1)
		left := l.books.pendingThrough(s.last)
		n := min(left, uint64(math.Ceil(float64(excess)/mean)))
		evicted += l.evictLocked(n)
		excess -= int64(float64(n) * mean)
	}
	return evicted
}

// EvictBefore gives up the pending records that were admitted before t and
// returns how many. It reads at most one segment from the disk.
func (l *Log) EvictBefore(t time.Time) uint64 {
	cut := t.UnixNano()
	l.mu.Lock()
	var whole Offset
	mixed := false
	for _, s := range l.segments {
		if s.records == 0 || s.last <= l.books.head {
			continue
		}
		if s.lastTime >= cut {
			mixed = s.firstTime < cut
			break
		}
		whole = s.last
	}
	evicted := l.books.settle(whole, true)
	l.mu.Unlock()
	if mixed {
		evicted += l.evictMixed(cut)
	}
	return evicted
}

// evictMixed walks the oldest segment up to the first record that is not older
// than cut.
func (l *Log) evictMixed(cut int64) uint64 {
	c := &l.looking
	c.mu.Lock()
	var last Offset
	for from := l.Head() + 1; ; {
		it, err := l.peek(c, from)
		if err != nil || it.kind != itemFrame || it.head.Time >= cut {
			break
		}
		last = Offset(it.head.Offset)
		from = last + 1
	}
	c.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.books.settle(last, true)
}
