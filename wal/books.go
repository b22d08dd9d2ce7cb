package wal

import (
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// segment is what the log remembers of one file. All fields but the first two are
// guarded by Log.mu.
type segment struct {
	index uint64
	path  string

	extent           // what may be read: up to the high-water mark
	wrote     extent // what was handed to the kernel; only of the segment being written
	entries   uint64 // entries of the underlying log, to number the next segment
	stale     bool   // failed, and holds what Heal has not written again yet
	damaged   bool   // holds bytes that are not in quarantine yet
	settledAt time.Time
}

// extent is a prefix of a segment.
type extent struct {
	first, last Offset // 0 if it holds no record
	records     uint64
	bytes       int64 // of the file
	payload     int64 // of the records, framed
	firstTime   int64 // admission of the first and the last record, Unix nanoseconds
	lastTime    int64
}

// add extends the prefix by one frame of n bytes.
func (e *extent) add(h frame.Header, n int) {
	if e.first == 0 {
		e.first, e.firstTime = Offset(h.Offset), h.Time
	}
	e.last, e.lastTime = Offset(h.Offset), h.Time
	e.records++
	e.payload += int64(n)
}

// addRun extends the prefix by the frames of a run.
func (e *extent) addRun(r *Run) {
	for b := r.frames(); len(b) > 0; {
		h, n, ok := frame.Peek(b)
		if !ok {
			return
		}
		e.add(h, frame.Size(n))
		b = b[frame.Size(n):]
	}
}

// account enters a run into the books: from now on its records are pending and
// not forgotten. It is called once a run, whatever becomes of the write.
func (l *Log) account(r *Run) {
	h, _, _ := frame.Peek(r.frames())
	l.mu.Lock()
	defer l.mu.Unlock()
	gap := uint64(r.Base - 1 - l.last())
	skipped := min(uint64(h.Skipped), gap)
	l.skipped += skipped
	for _, rd := range l.readers {
		rd.books.addHole(rd.books.last+1, r.Base-1-Offset(skipped), lost)
		rd.books.addHole(r.Base-Offset(skipped), r.Base-1, evicted)
		rd.books.last = r.Last()
	}
	l.unsynced = append(l.unsynced, r)
}

// publish moves the high-water mark to what has been written and wakes readers.
func (l *Log) publish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active != nil {
		l.active.extent = l.active.wrote
	}
	if l.written <= l.synced {
		return // Acks of what was read from memory may have moved it further.
	}
	l.synced = l.written
	l.wake()
}

// wake tells those who wait that there is more to read. Caller holds mu.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}
