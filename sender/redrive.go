package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// maintainEvery is how often dead letters that are too old are looked for.
const maintainEvery = time.Hour

// Redriven is what came of sending dead letters again.
type Redriven struct {
	// Delivered letters are no longer dead, Refused ones were refused again.
	Delivered int `json:"delivered"`
	Refused   int `json:"refused"`
}

// redrive is a walk over the dead letters of the destination. The loop owns it, but for
// done and what is asked for.
type redrive struct {
	reasons []string      // nil is all
	gone    func() error  // the error of the caller's context
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
// disk, with what became of letters before that.
func (s *Sender) Redrive(ctx context.Context, reasons ...string) (Redriven, error) {
	if s.cfg.Dead == nil {
		return Redriven{}, errors.New("sender: redrive: there are no dead letters")
	}
	r := &redrive{reasons: reasons, gone: ctx.Err, done: make(chan struct{})}
	s.ask(request{nudge: true, redrive: r})
	var err error
	select {
	case <-r.done:
	case <-ctx.Done():
		if err = ctx.Err(); s.withdraw(r) {
			break
		}
		s.ask(request{}) // The loop ends the walk.
		select {
		case <-r.done:
		case <-s.stopped:
		}
	case <-s.stopped:
		err = ErrStopped
	}
	if err = errors.Join(err, r.err); err != nil {
		return r.result, fmt.Errorf("sender: redrive: %w", err)
	}
	return r.result, nil
}

// withdraw takes a walk back that the loop has not seen yet.
func (s *Sender) withdraw(r *redrive) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.walks)
	s.walks = slices.DeleteFunc(s.walks, func(w *redrive) bool { return w == r })
	return len(s.walks) < n
}

// redrives starts the walk that is next, and ends the one that is done. It starts one by
// itself for letters of a quota that is whole again.
func (l *loop) redrives(now time.Time) {
	if l.cfg.Dead == nil {
		return
	}
	if r := l.redrive; r != nil && (r.read && l.win.letters() == 0 || r.gone() != nil) {
		l.endRedrive()
	}
	l.asked = slices.DeleteFunc(l.asked, func(r *redrive) bool {
		ended := r.gone() != nil
		if ended {
			close(r.done)
		}
		return ended
	})
	if l.redrive == nil && len(l.asked) > 0 {
		l.redrive, l.asked = l.asked[0], l.asked[1:]
	}
	if l.redrive == nil && !l.quotaAt.IsZero() && !now.Before(l.quotaAt) {
		l.quotaAt = time.Time{}
		if l.cfg.Dead.Count(l.cfg.Name)[DeadQuota] > 0 {
			l.redrive = &redrive{reasons: []string{DeadQuota}, gone: func() error { return nil }, done: make(chan struct{})}
		}
	}
	for _, f := range slices.Clone(l.win.flights) {
		// Of a walk that was given up; it stays a dead letter. One under way comes back.
		if f.letter && f.walk != l.redrive && f.state != flying && f.state != done {
			l.win.remove(f)
		}
	}
	if !now.Before(l.maintainAt) {
		l.maintainAt = now.Add(maintainEvery)
		l.cfg.Dead.Maintain()
	}
}

func (l *loop) endRedrive() {
	l.publish() // Whoever asked sees the numbers that go with the result.
	close(l.redrive.done)
	l.redrive = nil
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
			f.letter, f.walk = true, r
			l.win.push(f)
			return f
		}
	}
	l.endRedrive() // All were answered, or none was there.
	return nil
}

// revived takes in that letters were delivered. Until that is stored they stay in the
// window.
func (l *loop) revived(f *flight, now time.Time) {
	if now.Before(l.buryAgain) || l.buryFailed(now, "store what dead letters were delivered", l.cfg.Dead.redriven(&f.batch, l.cfg.Name)) {
		return
	}
	l.acks.base.Redriven += uint64(f.batch.Len()) // The account has it already.
	if f.walk == l.redrive {
		f.walk.result.Delivered += f.batch.Len()
	}
	l.win.remove(f)
}

// refused takes in that letters were refused again.
func (l *loop) refused(f *flight) {
	if f.walk == l.redrive {
		f.walk.result.Refused += f.batch.Len()
	}
	l.win.remove(f)
}
