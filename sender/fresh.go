package sender

import (
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// fresh shares the way between a backlog and what is logged now, if that is wanted: what
// is new is read from a second place, in turn with the old. Both are acked by offset, so
// that neither needs the other.
type fresh struct {
	on    bool
	from  wal.Offset // where the new began
	pos   wal.Offset // read up to here of the new
	isNew bool       // whose turn it is
}

// choose returns the offset after which to read next.
func (a *fresh) choose(l *loop, now time.Time) wal.Offset {
	if !l.cfg.FreshFirst {
		return l.pos
	}
	if !a.on && l.src.Backlog(l.pos).Records > 2*l.cfg.FlushSize {
		at := l.src.Through()
		*a = fresh{on: true, from: at, pos: at}
	}
	if !a.on {
		return l.pos
	}
	if a.isNew = !a.isNew; a.isNew {
		young := l.src.Backlog(a.pos)
		if young.Records > 0 && !l.linger.due(young, a.pos, now).After(now) {
			return a.pos
		}
		a.isNew = false
	}
	if l.src.Head() >= a.from { // Evicted, all of it.
		a.join(l)
	}
	return l.pos
}

// took takes in what was read. It reports false if nothing is left of the batch, because
// it began where the new does.
func (a *fresh) took(l *loop, f *flight) bool {
	switch {
	case a.on && a.isNew:
		a.pos = f.batch.Last()
		return true
	case !a.on || f.batch.Last() <= a.from:
		l.pos = f.batch.Last()
		return true
	}
	chop(&f.batch, a.from)
	a.join(l)
	return f.batch.Len() > 0
}

// join ends it: the old is read, and the rest is one log again.
func (a *fresh) join(l *loop) {
	l.pos = max(l.pos, a.pos)
	*a = fresh{}
}
