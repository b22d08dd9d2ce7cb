package wal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// Maintain removes the segments that are settled, durably so, and no longer kept
// for replay. It is cheap when there is nothing to do.
func (l *Log) Maintain() {
	l.io.Lock()
	defer l.io.Unlock()
	if l.closed {
		return
	}
	if len(l.idle) > quietRuns {
		l.idle = slices.Delete(l.idle, quietRuns, len(l.idle))
	}
	if l.tail != nil && l.poison == nil && l.activeExpired() {
		if err := l.seal(); err != nil {
			l.fail(err, &l.faults.Syncs)
		}
		return // seal reclaims.
	}
	l.reclaimLocked(false)
}

// activeExpired reports whether the segment being written holds nothing but
// records that are settled for longer than they are kept.
func (l *Log) activeExpired() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.active
	l.markSettled()
	return s != nil && s.wrote.records > 0 && s.wrote.last <= l.durable() &&
		!s.settledAt.IsZero() && time.Since(s.settledAt) > l.opts.KeepAcked.Age
}

// reclaimLocked unlinks dead segments and syncs the directory. With all set it
// ignores what is kept for replay: space is needed now. It needs no free space
// itself. The underlying log is not asked: it touches none but its last segment.
// Caller holds io.
func (l *Log) reclaimLocked(all bool) {
	l.mu.Lock()
	l.markSettled()
	dead := l.deadSegments(all)
	l.mu.Unlock()
	if len(dead) == 0 {
		return
	}
	gone := dead[:0]
	for _, s := range dead {
		if err := l.remove(s); err == nil {
			gone = append(gone, s)
		}
	}
	l.mu.Lock()
	for _, s := range gone {
		l.dropSegment(s)
	}
	l.mu.Unlock()
	if l.files.syncDir(l.dir) != nil {
		l.dirDirty = true
	}
}

// markSettled notes since when segments are settled. Caller holds mu.
func (l *Log) markSettled() {
	head := l.head()
	for _, s := range l.segments {
		if s.settledAt.IsZero() && s.last <= head && s.wrote.last <= head {
			s.settledAt = time.Now()
		}
	}
}

// deadSegments returns the sealed segments that may go, oldest first. Caller
// holds mu.
func (l *Log) deadSegments(all bool) []*segment {
	var dead []*segment
	var kept int64
	keep := l.opts.KeepAcked
	for _, s := range slices.Backward(l.segments) {
		if s == l.active || s.stale || s.last > l.durable() {
			continue
		}
		kept += s.bytes
		if all || kept > keep.Bytes || time.Since(s.settledAt) > keep.Age {
			dead = append(dead, s)
		}
	}
	slices.Reverse(dead)
	return dead
}

// remove unlinks a segment, or moves it aside if it holds damage that could not
// be copied into quarantine before (W7).
func (l *Log) remove(s *segment) error {
	var err error
	if s.damaged {
		if err = l.makeDir(l.opts.QuarantineDir); err == nil {
			err = l.files.rename(s.path, filepath.Join(l.opts.QuarantineDir, filepath.Base(s.path)))
		}
	} else {
		err = l.files.remove(s.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// dropSegment takes a segment out of the books. Caller holds mu.
func (l *Log) dropSegment(s *segment) {
	l.segments = slices.DeleteFunc(l.segments, func(o *segment) bool { return o == s })
}
