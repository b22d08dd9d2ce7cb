package wal

import "slices"

// Reader is one consumer of a log, with a head of its own. A log has at least one, and
// reclaims what all of them are done with; none holds up another. All methods are safe
// for concurrent use.
type Reader struct {
	log *Log

	reading reading // of the batches
	looking cursor  // of those who look at the oldest record

	// Guarded by Log.mu.
	books   tally
	durable Offset // the head of the checkpoint that is stored
}

// Reader returns reader i: 0 is that of Options.Checkpoint, the others are those of
// Options.Readers.
func (l *Log) Reader(i int) *Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readers[i]
}

// Drop takes a reader away, but not the last one: what only it had to read is settled.
// The reader is not used again.
func (l *Log) Drop(r *Reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.readers) > 1 {
		l.readers = slices.DeleteFunc(slices.Clone(l.readers), func(o *Reader) bool { return o == r })
	}
}

// Head returns the offset up to which every record is settled for this reader.
func (r *Reader) Head() Offset {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.books.head
}

// Through returns the offset up to which records can be read.
func (r *Reader) Through() Offset {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.log.readable()
}

// Changed returns a channel that is closed when there next is more to read, see
// [Log.Changed].
func (r *Reader) Changed() <-chan struct{} { return r.log.Changed() }

// Checkpoint returns what must be stored for the log to know, in its next
// process, what is settled.
func (r *Reader) Checkpoint() Checkpoint {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.checkpoint()
}

func (r *Reader) checkpoint() Checkpoint {
	b := &r.books
	c := Checkpoint{
		Epoch: r.log.opts.Epoch, Start: b.start, Head: b.head, Last: max(r.log.synced, b.head),
		Evicted: b.passed[evicted] + b.passed[expired] + b.passed[shed], Lost: b.passed[lost], Dead: b.passed[dead],
		Expired: b.passed[expired], Shed: b.passed[shed],
	}
	for _, h := range b.holes {
		// What is not synced may get its offset again after a power cut (W1).
		if to := min(h.to, r.log.synced); h.fate >= dead && h.from <= to {
			c.Settled = append(c.Settled, Range{From: h.from, To: to, Dead: h.fate == dead})
		}
	}
	return c
}

// newTally returns the books of a checkpoint, to be filled with what is found.
func newTally(c Checkpoint) tally {
	t := tally{start: c.Start, head: c.Head, last: c.Head, building: true}
	t.passed[evicted] = c.Evicted - c.Expired - c.Shed
	t.passed[expired], t.passed[shed], t.passed[lost], t.passed[dead] = c.Expired, c.Shed, c.Lost, c.Dead
	return t
}

func (r Range) fate() fate {
	if r.Dead {
		return dead
	}
	return delivered
}

// Reclaim says that c has been stored durably: segments that it settles need not
// outlive it (W5). They go with the next [Log.Maintain].
func (r *Reader) Reclaim(c Checkpoint) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	if c.Epoch == r.log.opts.Epoch {
		r.durable = max(r.durable, c.Head)
	}
}

// Reclaimable reports whether a checkpoint of this reader stored now could let a segment
// go that the stored one still needs. Evictions move the head without anyone storing it;
// this says when that is worth a write.
func (r *Reader) Reclaimable() bool {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, s := range r.log.segments {
		if s != r.log.active && s.last > r.durable && s.last <= r.books.head {
			return true
		}
	}
	return false
}

// ReaderStats are the books of a reader at one moment:
//
//	Last - Start = Delivered + Pending + Evicted + Lost + Dead (L2)
type ReaderStats struct {
	Start, Head                             Offset
	Delivered, Pending, Evicted, Lost, Dead uint64
	// Expired and Shed are parts of Evicted, see [Checkpoint].
	Expired, Shed uint64
	PendingBytes  int64
}

// Stats returns a consistent view. It does not wait for the disk.
func (r *Reader) Stats() ReaderStats {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.stats()
}

func (r *Reader) stats() ReaderStats {
	by, pending := r.books.totals()
	return ReaderStats{
		Start: r.books.start, Head: r.books.head,
		Delivered: by[delivered], Pending: pending, Lost: by[lost], Dead: by[dead],
		Evicted: by[evicted] + by[expired] + by[shed], Expired: by[expired], Shed: by[shed],
		PendingBytes: r.unsyncedBytes(r.books.head) + r.readableBytes(r.books.head),
	}
}

// last returns the offset of the last record. Caller holds mu.
func (l *Log) last() Offset { return l.readers[0].books.last }

// head returns the offset up to which every record is settled for every reader. Caller
// holds mu.
func (l *Log) head() Offset {
	head := l.readers[0].books.head
	for _, r := range l.readers[1:] {
		head = min(head, r.books.head)
	}
	return head
}

// durable returns the offset up to which that is stored. Caller holds mu.
func (l *Log) durable() Offset {
	head := l.readers[0].durable
	for _, r := range l.readers[1:] {
		head = min(head, r.durable)
	}
	return head
}

// pendingIn returns how many records in (from, to] are pending, for the reader for which
// most are; 0 means for none. Caller holds mu.
func (l *Log) pendingIn(from, to Offset) uint64 {
	var most uint64
	for _, r := range l.readers {
		most = max(most, r.books.between(from, to))
	}
	return most
}
