package wal

import (
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// cursor is where a reader stands in a segment. It holds the bytes of one segment
// at a time, however long the backlog is.
type cursor struct {
	// mu is held while the cursor moves, across disk reads. Taken before Log.mu,
	// never with Log.io. The cursors of a reading have its lock instead.
	mu   sync.Mutex
	seg  *segment
	scan scanner
	next Offset // lower bound of the next record's offset
	held item   // a record that was found and not consumed
	full bool   // held is set
}

// reading is where a reader of batches stands. It has two places, so that one that goes
// back and forth between old records and new ones does not start a segment anew each time.
type reading struct {
	mu      sync.Mutex // held while a cursor moves, across disk reads; before Log.mu
	cursors [2]cursor
	recent  int // the one that was used last
}

// at returns the cursor that stands at from, or the one that was used longer ago. Caller
// holds mu.
func (g *reading) at(from Offset) *cursor {
	for i := range g.cursors {
		if c := &g.cursors[i]; c.seg != nil && c.next == from {
			g.recent = i
			return c
		}
	}
	if c := &g.cursors[g.recent]; c.seg == nil || c.next <= from {
		return c // Onward, or the first time.
	}
	g.recent = 1 - g.recent
	return &g.cursors[g.recent]
}

// Read fills b with the oldest records after the offset after, or after the head
// if that is further, that are pending for this reader. A batch has one resource and
// keeps to lim. It ends at the high-water mark (W4), or further while the disk takes
// nothing, see [Log.Expose], and holds nothing whose checksum failed; what turns out
// unreadable is counted as lost, put into quarantine and passed over. b is empty if
// there is nothing to read.
//
// b and its memory are the caller's. An error is an I/O error of the disk; the
// same read may be tried again.
func (r *Reader) Read(b *Batch, after Offset, lim Limits) error {
	b.Reset()
	r.reading.mu.Lock()
	defer r.reading.mu.Unlock()
	b.Epoch = r.log.opts.Epoch
	from := max(after, r.Head()) + 1
	c := r.reading.at(from)
	for {
		it, err := r.peek(c, from)
		if err != nil {
			return wrap("read", err)
		}
		if it.kind != itemFrame && b.Len() == 0 {
			r.readMemory(b, from, lim)
		}
		if it.kind != itemFrame || !b.takes(it, lim) {
			return nil
		}
		b.add(it)
		from = Offset(it.head.Offset) + 1
		c.full, c.next = false, from
	}
}

// takes reports whether the record fits into the batch.
func (b *Batch) takes(it item, lim Limits) bool {
	if len(b.Entries) == 0 {
		return true
	}
	return it.head.Resource == b.Resource &&
		(lim.Records == 0 || len(b.Entries) < lim.Records) &&
		(lim.Bytes == 0 || len(b.Data)+len(it.payload) <= lim.Bytes)
}

func (b *Batch) add(it item) {
	if len(b.Entries) == 0 {
		b.Resource = it.head.Resource
		b.Oldest = time.Unix(0, it.head.Time)
	}
	b.Data = append(b.Data, it.payload...)
	b.Entries = append(b.Entries, Entry{Offset(it.head.Offset), len(b.Data)})
}

// Backlog says what can be read after the offset after.
func (r *Reader) Backlog(after Offset) Backlog {
	r.reading.mu.Lock()
	defer r.reading.mu.Unlock()
	return r.backlog(r.reading.at(max(after, r.Head())+1), after)
}

// Oldest returns when the oldest pending record that can be read was admitted, zero
// if there is none. It leaves the reader of the batches where it is.
func (r *Reader) Oldest() time.Time {
	r.looking.mu.Lock()
	defer r.looking.mu.Unlock()
	return r.backlog(&r.looking, 0).Oldest
}

func (r *Reader) backlog(c *cursor, after Offset) Backlog {
	l := r.log
	l.mu.Lock()
	from := max(after, r.books.head)
	n := r.books.between(from, l.readable())
	bytes := r.readableBytes(from)
	if l.readable() > l.synced {
		bytes += r.unsyncedBytes(from)
	}
	l.mu.Unlock()
	if n == 0 {
		return Backlog{}
	}
	out := Backlog{Records: int(n), Bytes: bytes}
	it, err := r.peek(c, from+1)
	if err == nil && it.kind == itemEnd {
		it = r.firstInMemory(from + 1)
	}
	if err == nil && it.kind == itemFrame {
		out.Oldest = time.Unix(0, it.head.Time)
	}
	return out
}

// readableBytes estimates the bytes of the records after from that may be read.
// Caller holds mu.
func (r *Reader) readableBytes(from Offset) int64 {
	var sum int64
	for _, s := range r.log.segments {
		switch {
		case s.records == 0 || s.last <= from:
		case s.first > from:
			sum += s.payload
		default:
			left := r.books.between(from, s.last)
			sum += int64(float64(s.payload) * float64(left) / float64(s.records))
		}
	}
	return sum
}

// peek returns the first record at or after from that is pending without consuming it,
// or an item of kind itemEnd if there is none up to the high-water mark. Caller holds the
// cursor's lock.
func (r *Reader) peek(c *cursor, from Offset) (item, error) {
	l := r.log
	for {
		seg, ext, ok := r.segmentAt(from)
		if !ok {
			return item{kind: itemEnd}, nil
		}
		if c.seg != seg || from < c.next {
			c.seg, c.next, c.held, c.full = seg, 0, item{}, false
			c.scan = scanner{b: c.scan.b[:0], epoch: l.opts.Epoch, seed: l.seed}
		}
		if err := c.fill(ext); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				l.vanished(seg)
				continue
			}
			return item{}, err
		}
		if it, ok := r.advance(c, from, ext); ok {
			return it, nil
		}
		from = ext.last + 1
	}
}

// segmentAt returns the segment that holds the first record at or after from,
// and what of it may be read.
func (r *Reader) segmentAt(from Offset) (*segment, extent, bool) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	from = max(from, r.books.head+1)
	for _, s := range r.log.segments {
		if s.records > 0 && s.last >= from {
			return s, s.extent, true
		}
	}
	return nil, extent{}, false
}

// fill reads what the segment has grown by.
func (c *cursor) fill(ext extent) error {
	have := int64(len(c.scan.b))
	if have >= ext.bytes {
		return nil
	}
	b, err := fsx.ReadAt(c.scan.b, c.seg.path, have, ext.bytes)
	c.scan.b = b
	return err
}

// advance moves the cursor to the first pending record at or after from within ext. ok
// is false if the segment has none.
func (r *Reader) advance(c *cursor, from Offset, ext extent) (item, bool) {
	for {
		if !c.full {
			c.held = c.scan.next()
			c.full = true
		}
		it := c.held
		switch it.kind {
		case itemFrame:
			o := Offset(it.head.Offset)
			if o > ext.last {
				return item{}, false
			}
			if o >= from && r.isPending(o) {
				if o > max(from, c.next) {
					r.log.missing(max(from, c.next), o-1)
				}
				c.next = o
				return it, true
			}
			c.next = o + 1
		case itemEnd, itemTorn:
			// Bytes may still be appended: look again from here next time.
			c.full = false
			r.log.missing(max(from, c.next), ext.last)
			return item{}, false
		case itemDamage, itemForeign:
			r.log.rot(c.seg, c.scan.b, it)
		case itemResource:
		}
		c.full = false
	}
}

// isPending reports whether the record at o is neither settled nor in a hole: one may
// be settled out of its turn and stand in a block that was written all the same.
func (r *Reader) isPending(o Offset) bool {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	return r.books.isPending(o)
}

// missing books offsets that should have been found as lost, for every reader. Known
// holes are passed over.
func (l *Log) missing(from, to Offset) {
	if from > to {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose(from, to)
}

// lose books [from, to] as lost at reading. Caller holds mu.
func (l *Log) lose(from, to Offset) {
	var most uint64
	for _, r := range l.readers {
		most = max(most, r.books.punch(from, to, lost))
	}
	l.faults.LostAtRead += most
}

// vanished books a segment whose file is gone although its records are pending.
func (l *Log) vanished(s *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.first > 0 {
		l.lose(s.first, s.last)
	}
	l.dropSegment(s)
}
