package wal

import (
	"errors"
	"syscall"
)

// fail poisons the log (W6): the segment is given up where it was last synced,
// and nothing is written before Heal has started another.
func (l *Log) fail(err error, count *uint64) {
	l.poison = err
	l.mu.Lock()
	defer l.mu.Unlock()
	*count++
	l.faultErr = err
}

// Heal brings a poisoned log back: it lets go of the failed segment, starts a new
// one, writes into it everything that was appended and is not known to be on
// disk, and syncs it. Until it returns nil the log stays poisoned, and calling it
// again starts over; nothing appended is forgotten. On a log that is well it does
// nothing.
func (l *Log) Heal() error {
	l.io.Lock()
	defer l.io.Unlock()
	if l.closed {
		return ErrClosed
	}
	return wrap("heal", l.healLocked())
}

func (l *Log) healLocked() error {
	if l.poison == nil {
		return nil
	}
	if failed := l.abandon(); failed != nil {
		l.setStale(failed, true)
		l.stale = append(l.stale, failed)
	}
	// Space first: a full disk is the fault that time alone does not heal.
	l.reclaimLocked(outOfSpace(l.poison))
	if err := l.rewrite(); err != nil {
		// What the new segment holds, the stale ones and memory hold too.
		if half := l.abandon(); half != nil && half.records == 0 {
			_ = l.files.remove(half.path)
		}
		l.fail(err, &l.faults.Writes)
		return errors.Join(ErrPoisoned, err)
	}
	l.poison = nil
	l.recycle()
	l.mu.Lock()
	l.faultErr = nil
	l.faults.Heals++
	l.mu.Unlock()
	l.publish()
	l.tidy()
	return nil
}

// rewrite puts everything that is not known to be on disk into a new segment and
// syncs it.
func (l *Log) rewrite() error {
	if err := l.startSegment(); err != nil {
		return err
	}
	l.shed()
	for _, r := range l.unsynced {
		if r.Last() <= l.Synced() {
			continue // A seal on the way, or a server that has it, made it safe.
		}
		if err := l.writeRun(r); err != nil {
			return err
		}
	}
	return l.flush()
}

// abandon closes the failed segment without trusting it any further and returns
// it, nil if there is none. What it holds beyond the high-water mark is not read:
// the same records go into the next segment.
func (l *Log) abandon() *segment {
	if l.tail != nil {
		// An error here says nothing new: the segment is given up already.
		_ = l.tail.close()
		l.tail = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	failed := l.active
	if failed == nil {
		return nil
	}
	l.active = nil
	l.nextIndex = max(l.nextIndex, failed.index+max(failed.entries, 1)+1)
	l.written = l.synced
	failed.wrote = failed.extent
	l.reach = 0
	for _, s := range l.segments {
		l.reach = max(l.reach, s.last)
	}
	if failed.records == 0 {
		l.dropSegment(failed)
	}
	return failed
}

func (l *Log) setStale(s *segment, stale bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.stale = stale
}

// tidy removes from the stale segments what was written again. Failing is
// harmless: recovery lets the later segment win.
func (l *Log) tidy() {
	for _, s := range l.stale {
		l.setStale(s, false)
		if s.records == 0 {
			_ = l.files.remove(s.path)
		} else {
			_ = l.files.cut(s.path, s.bytes)
		}
	}
	l.stale = nil
	l.dirDirty = true
}

// outOfSpace reports whether err is one that freeing space may heal.
func outOfSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
