package sender

import (
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/pace"
)

// refuse takes in that a server refused a batch for what is in it. It returns how that
// counts for the gate.
func (l *loop) refuse(f *flight, o outcome) pace.Verdict {
	f.answer = o
	switch {
	case l.cfg.Dead == nil:
		return pace.Held // There is no place for what is guilty.
	case o.kind == partial:
		return l.takePartial(f, o)
	case f.trial != nil && (f.trial.aborted || l.held && !f.trial.excused):
		return l.abort(f.trial)
	case l.held && !f.excused && !f.letter: // The probe of a hold: nothing has changed.
		f.suspect = true
		return pace.Held
	case f.trial == nil:
		f.trial = &trial{size: f.batch.Len(), open: 1, excused: f.excused || f.letter, bySize: o.kind == tooLarge}
	}
	t, n := f.trial, f.batch.Len()
	if o.status == http.StatusRequestEntityTooLarge && n > 1 {
		l.learnSize(len(f.batch.Data) / 2)
	}
	if n > 1 {
		t.open++
		l.acks.delta.Splits++
		l.win.split(f, n/2)
		return pace.Delivered // The server lives, and answers.
	}
	f.state = guilty
	t.open--
	t.guilty++
	return l.judge(t)
}

// accept takes in that a batch was delivered. It returns how that counts for the gate.
func (l *loop) accept(f *flight) pace.Verdict {
	l.streak = 0
	if l.held {
		l.acquit(f)
	}
	return l.credit(f)
}

// credit notes in the flight's trial, if it is in one, that the server took it. A trial
// that was called off goes on: this piece was under way, and changes everything.
func (l *loop) credit(f *flight) pace.Verdict {
	t := f.trial
	if t == nil {
		return pace.Delivered
	}
	f.trial = nil
	t.open--
	t.accepted++
	t.aborted = false
	t.largest = max(t.largest, len(f.batch.Data))
	return l.judge(t)
}

// acquit ends a hold that was for what is in the batches. If the server took what it had
// refused, it was mended. If it took something else, it is the records.
func (l *loop) acquit(f *flight) {
	l.held = false
	for _, g := range l.win.flights {
		if g.suspect && !g.letter {
			g.suspect, g.excused = false, !f.suspect
		}
	}
}

// judge ends a trial that is decided.
func (l *loop) judge(t *trial) pace.Verdict {
	switch t.judge(l.streak) {
	case endpointAtFault:
		return l.abort(t)
	case over:
		if t.guilty == 0 && t.bySize && t.largest > 0 {
			l.learnSize(t.largest)
		}
		if t.accepted == 0 && !t.excused {
			l.streak += t.guilty
		}
		for _, f := range l.win.in(guilty) {
			if f.trial == t {
				f.state = condemned
			}
		}
	case undecided:
	}
	return pace.Delivered
}

// abort calls a trial off and holds: most of the batch is refused, so the endpoint is at
// fault. The pieces are put together again when none of them is under way any more.
func (l *loop) abort(t *trial) pace.Verdict {
	t.aborted, l.held, l.streak = true, true, suspicious
	var pieces []*flight
	for _, f := range l.win.flights {
		switch {
		case f.trial != t:
		case f.state == flying:
			return pace.Held
		case f.state == waiting, f.state == guilty:
			pieces = append(pieces, f)
		}
	}
	if len(pieces) > 0 {
		why := pieces[0].answer
		f := l.win.merge(pieces)
		f.suspect, f.answer = true, why
	}
	return pace.Held
}

// takePartial takes in that a server took some of a batch and does not say which. None of
// them is sent again by itself: they become dead letters, safe to be sent again thanks to
// their record IDs.
func (l *loop) takePartial(f *flight, o outcome) pace.Verdict {
	f.state = condemned
	l.acks.delta.Refused += uint64(min(o.rejected, int64(f.batch.Len())))
	v := l.credit(f)
	if !o.quota {
		return v
	}
	l.quotaAt, l.quotaGone = l.learned.quotaBack(time.Now()), true
	l.learn(func(to *Learned) { to.QuotaReset = l.quotaAt })
	return pace.Throttled
}

// bury makes dead letters of what is condemned, durably, and then settles it (S1). It
// reports whether it settled anything.
func (l *loop) bury(now time.Time) bool {
	all := l.win.in(condemned)
	if len(all) == 0 || now.Before(l.buryAgain) {
		return false
	}
	var letters []DeadLetter
	var own []*flight
	for _, f := range all {
		if f.letter {
			l.refused(f) // It is one already.
			continue
		}
		own = append(own, f)
		letters = append(letters, f.letters(l.cfg.Name)...)
	}
	if len(own) == 0 {
		return false
	}
	if l.buryFailed(now, "store dead letters", l.cfg.Dead.Put(letters, l.cfg.Resource)) {
		return false
	}
	for _, f := range own {
		*l.acks.delta.dead(f.reason()) += uint64(f.batch.Len())
		l.acks.bury(&f.batch)
		l.win.remove(f)
	}
	return true
}

// buryFailed notes how an operation on the dead letters went. After a failure none is
// tried for a while.
func (l *loop) buryFailed(now time.Time, what string, err error) bool {
	l.report.disk(&l.report.burying, now, what, err)
	if l.buryErr = err; err != nil {
		l.buryAgain = now.Add(saveRetry)
	}
	return err != nil
}

// reason is why the flight's records are dead letters.
func (f *flight) reason() string {
	switch o := f.answer; {
	case o.kind == partial && o.quota:
		return DeadQuota
	case o.kind == partial:
		return DeadPartial
	case o.kind == tooLarge:
		return DeadTooLarge
	}
	return DeadRejected
}

// letters are the dead letters that a condemned flight becomes.
func (f *flight) letters(destination string) []DeadLetter {
	out := make([]DeadLetter, f.batch.Len())
	for i := range out {
		out[i] = DeadLetter{
			Letter: otlp.Letter{
				Destination: destination, Offset: uint64(f.batch.Entries[i].Offset),
				Reason: f.reason(), Status: f.answer.status, Message: f.answer.message,
				First: f.first, Last: f.last, Attempts: f.attempts,
			},
			Resource: f.batch.Resource, Record: f.batch.Record(i),
		}
	}
	return out
}
