package sender

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// Redriven is what came of sending dead letters again.
type Redriven struct {
	// Delivered letters are no longer dead, Refused ones were refused again.
	Delivered int `json:"delivered"`
	Refused   int `json:"refused"`
}

// redrive is a walk over the dead letters of the destination. The loop owns it, but for
// done and what is asked for.
type redrive struct {
	reasons []string // nil is all
	ctx     context.Context
	done    chan struct{} // closed at the end

	pos    wal.Offset
	read   bool // to the end
	result Redriven
	err    error
}

// Redrive sends the dead letters of the destination again, oldest first and beside what
// is fresh: those with one of the reasons, or all. It returns when each was delivered or
// refused once, and what became of them. What is refused again stays a dead letter.
//
// It returns the error of ctx, [ErrStopped] if Run is not running any more, or one of the
// disk; letters that were delivered before are gone all the same.
func (s *Sender) Redrive(ctx context.Context, reasons ...string) (Redriven, error) {
	if s.cfg.Dead == nil {
		return Redriven{}, errors.New("sender: redrive: there are no dead letters")
	}
	r := &redrive{reasons: reasons, ctx: ctx, done: make(chan struct{})}
	s.ask(request{nudge: true, redrive: r})
	var err error
	select {
	case <-r.done:
		if r.err == nil {
			return r.result, nil
		}
		err = r.err
	case <-ctx.Done():
		err = ctx.Err() // The loop sees it too, and drops the walk.
	case <-s.stopped:
		err = ErrStopped
	}
	return Redriven{}, fmt.Errorf("sender: redrive: %w", err)
}

// redrives starts the walk that is next, and ends the one that is done. It starts one by
// itself for letters of a quota that is whole again.
func (l *loop) redrives(now time.Time) {
	if l.cfg.Dead == nil {
		return
	}
	if r := l.redrive; r != nil && (r.read && l.win.letters() == 0 || r.ctx.Err() != nil) {
		l.endRedrive()
	}
	if l.redrive == nil && len(l.asked) > 0 {
		l.redrive, l.asked = l.asked[0], l.asked[1:]
	}
	if l.redrive == nil && !l.quotaAt.IsZero() && !now.Before(l.quotaAt) {
		l.quotaAt = time.Time{}
		if l.cfg.Dead.Count(l.cfg.Name)[DeadQuota] > 0 {
			l.redrive = &redrive{reasons: []string{DeadQuota}, ctx: context.Background(), done: make(chan struct{})}
		}
	}
}

func (l *loop) endRedrive() {
	close(l.redrive.done)
	l.redrive = nil
	for _, f := range l.win.in(waiting) {
		if f.letter {
			l.win.remove(f)
		}
	}
}

// nextLetters returns the next batch of the walk, nil if there is none.
func (l *loop) nextLetters(now time.Time) *flight {
	r := l.redrive
	if r == nil || r.read || l.win.letters() > 0 || now.Before(l.readAgain) {
		return nil
	}
	for !r.read {
		f := l.win.next()
		at, err := l.cfg.Dead.read(&f.batch, r.pos, l.cfg.Name, r.reasons, l.limits())
		switch {
		case err != nil:
			l.win.giveBack(f)
			r.read, r.err = true, err
		case f.batch.Len() == 0:
			l.win.giveBack(f)
			r.pos, r.read = max(at, r.pos), at == 0
		default:
			r.pos = at
			f.letter = true
			l.win.push(f)
			return f
		}
	}
	l.endRedrive() // All were answered, or none was there.
	return nil
}

// revived takes in that letters were delivered.
func (l *loop) revived(f *flight, now time.Time) {
	err := l.cfg.Dead.redriven(&f.batch, l.cfg.Name)
	l.report.disk(&l.report.burying, now, "store what dead letters were delivered", err)
	if l.buryErr = err; err == nil {
		l.acks.base.Redriven += uint64(f.batch.Len()) // The account has it already.
	}
	if l.redrive != nil {
		l.redrive.result.Delivered += f.batch.Len()
	}
	l.win.remove(f)
}

// refused takes in that letters were refused again.
func (l *loop) refused(f *flight) {
	if l.redrive != nil {
		l.redrive.result.Refused += f.batch.Len()
	}
	l.win.remove(f)
}
