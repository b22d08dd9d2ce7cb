package wal

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// Runs are reused. A burst fills many before the next sync; idleRuns of them are kept,
// and quietRuns when the burst is over. leastRun is the room that a new one has.
const (
	idleRuns  = 10
	quietRuns = 4
	leastRun  = 4 << 10
)

// NewRun returns an empty run, reusing the memory of one that is on disk.
func (l *Log) NewRun() *Run {
	l.io.Lock()
	defer l.io.Unlock()
	n := len(l.idle)
	if n == 0 {
		return &Run{buf: make([]byte, blockHeaderSize, max(leastRun, l.runSize))}
	}
	r := l.idle[n-1]
	l.idle = l.idle[:n-1]
	return r
}

// Append writes a run. The log owns it from here on, whatever the error: its
// records are pending and, if the write failed, are written by the next Heal. The
// records can be read once they are synced.
//
// Errors: [ErrClosed], [ErrOrder] (the run was not taken), or a failed write
// together with [ErrPoisoned].
func (l *Log) Append(r *Run) error {
	l.io.Lock()
	defer l.io.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case r.Count == 0:
		return nil
	case r.Base < l.Next():
		return ErrOrder
	}
	l.account(r)
	if l.poison != nil {
		l.shed()
		return wrap("append", errors.Join(ErrPoisoned, l.poison))
	}
	if err := l.writeRun(r); err != nil {
		l.fail(err, &l.faults.Writes)
		return wrap("append", errors.Join(ErrPoisoned, err))
	}
	if l.opts.NoSync {
		l.recycle()
		l.publish()
	}
	return nil
}

// Sync makes everything appended so far survive a power cut (W3) and readable
// (W4). A failed sync is final for the segment (W6): what it covered is written
// again, to another file, by Heal.
func (l *Log) Sync() error {
	l.io.Lock()
	defer l.io.Unlock()
	if l.closed {
		return ErrClosed
	}
	return wrap("sync", l.syncLocked())
}

func (l *Log) syncLocked() error {
	if l.poison != nil {
		return errors.Join(ErrPoisoned, l.poison)
	}
	if len(l.unsynced) == 0 && !l.opts.NoSync {
		return nil
	}
	if err := l.flush(); err != nil {
		l.fail(err, &l.faults.Syncs)
		return errors.Join(ErrPoisoned, err)
	}
	l.recycle()
	l.publish()
	return nil
}

// flush syncs the segment and then its name.
func (l *Log) flush() error {
	if l.tail == nil {
		return nil
	}
	if err := l.tail.sync(); err != nil {
		return err
	}
	if !l.dirDirty {
		return nil
	}
	if err := l.files.syncDir(l.dir); err != nil {
		return err
	}
	l.dirDirty = false
	return nil
}

// writeRun hands a run to the kernel, starting a segment if it must.
func (l *Log) writeRun(r *Run) error {
	if err := l.ready(); err != nil {
		return err
	}
	if err := l.writeResource(r.Resource); err != nil {
		return err
	}
	if r.Base > l.reach+1 {
		l.tellGap(r)
	}
	if err := l.tail.write(r.block(l.opts.Epoch)); err != nil {
		return err
	}
	l.reach = r.Last()
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &l.active.wrote
	w.addRun(r)
	w.bytes = l.tail.size()
	l.active.entries++
	l.written = max(l.written, r.Last())
	return nil
}

// writeResource repeats a resource in the segment before the first record that
// refers to it.
func (l *Log) writeResource(id uint32) error {
	body := l.Resource(id)
	if body == nil || l.hasRes[id] {
		return nil
	}
	var r Run
	buf := frame.Append(r.Buffer(), frame.Header{Resource: id}, body, frame.Seed(l.opts.Epoch))
	r.Fill(buf, 0, 1, id)
	if err := l.tail.write(r.block(l.opts.Epoch)); err != nil {
		return err
	}
	l.hasRes[id] = true
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active.entries++
	return nil
}

// ready makes sure that there is a segment with room.
func (l *Log) ready() error {
	if l.tail != nil && l.tail.size() < l.opts.SegmentSize {
		return nil
	}
	if l.tail != nil {
		if err := l.seal(); err != nil {
			return err
		}
	}
	return l.startSegment()
}

// seal ends the segment that is full. What it holds is synced first: from here on
// nobody would.
func (l *Log) seal() error {
	if !l.opts.NoSync {
		if err := l.flush(); err != nil {
			return err
		}
	}
	err := l.tail.close()
	l.tail = nil
	if err != nil {
		return err
	}
	l.publishSealed()
	l.reclaimLocked(false)
	return nil
}

// publishSealed makes the records of a sealed segment readable. The runs stay in
// unsynced: recycling them is Sync's part.
func (l *Log) publishSealed() {
	l.publish()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nextIndex = max(l.nextIndex, l.active.index+max(l.active.entries, 1))
	l.active = nil
}

// startSegment makes the next segment and its place in the books.
func (l *Log) startSegment() error {
	t, err := l.create(l.dir, l.nextIndex)
	if err != nil {
		l.nextIndex++ // The name may exist now; it is never tried again.
		return err
	}
	l.tail = t
	l.dirDirty = true
	clear(l.hasRes)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = &segment{index: l.nextIndex, path: filepath.Join(l.dir, segmentName(l.nextIndex))}
	l.segments = append(l.segments, l.active)
	l.nextIndex++
	return nil
}

// recycle forgets the runs that are safe and keeps a few buffers.
func (l *Log) recycle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(func(*Run) bool { return true })
}

// forget drops the unsynced runs that f names and keeps the memory of a few.
// Caller holds io and mu.
func (l *Log) forget(f func(*Run) bool) {
	l.unsynced = slices.DeleteFunc(l.unsynced, func(r *Run) bool {
		if !f(r) {
			return false
		}
		l.runSize = len(r.buf)
		if len(l.idle) < idleRuns {
			l.idle = append(l.idle, r)
		}
		return true
	})
}
