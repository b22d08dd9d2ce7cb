package sender

import (
	"context"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/pace"
)

// launch starts an attempt for a flight.
func (l *loop) launch(ctx context.Context, f *flight, now time.Time) {
	n := uint64(f.batch.Len())
	l.markUse(now)
	l.limit.take(now, f.batch.Len())
	d := &l.acks.delta
	d.Requests++
	if f.attempts > 0 {
		d.Retries++
		d.Resent += n
	} else {
		f.first = now
	}
	f.attempts++
	f.last = now
	f.state, f.round = flying, l.gate.Round()
	l.gate.Launched(now)
	l.attempts.start(f, func() attempt { return l.try(ctx, f) })
}

// try makes the body if there is none yet and posts it. It runs in the
// goroutine of the attempt, which owns the flight meanwhile.
func (l *loop) try(ctx context.Context, f *flight) attempt {
	if f.body == nil {
		b, err := f.make.build(&f.batch, l.cfg.Resource(f.batch.Resource), l.cfg)
		if err != nil {
			return attempt{answer: answer{err: err}}
		}
		f.body = b
	}
	return l.s.post.post(ctx, f.body)
}

// takeAll takes in every result that has arrived.
func (l *loop) takeAll(ctx context.Context) {
	for {
		select {
		case r := <-l.attempts.results:
			l.take(ctx, r)
		default:
			return
		}
	}
}

// take takes in what came of an attempt.
func (l *loop) take(ctx context.Context, r result) {
	now, f := time.Now(), r.f
	f.state = waiting
	l.countWrites(r)
	if ctx.Err() != nil && r.answer.err != nil {
		return // We cancelled it. That says nothing about the server.
	}
	o := classify(r.answer, now, l.cfg.Retry.StrictOTLP)
	if r.answer.err != nil {
		l.s.post.refresh()
	} else {
		l.learn(func(to *Learned) { to.fromAnswer(r.answer) })
	}
	round := f.round
	a := pace.Answer{RetryAfter: o.retryAfter, Overload: o.overload}
	switch {
	case o.kind == delivered:
		f.state = done
		l.lastSuccess, l.warning, l.quotaGone = now, o.message, false
		a.Verdict = l.accept(f)
	case o.kind.concernsRecords():
		a.Verdict = l.refuse(f, o)
	case o.kind == throttled:
		a.Verdict = pace.Throttled
	case o.kind == hold:
		a.Verdict = pace.Held
	default:
		a.Verdict = pace.Temporary
	}
	if o.kind == partial && a.Verdict == pace.Throttled {
		a.RetryAfter = min(max(l.quotaAt.Sub(now), time.Second), maxRetryAfter)
		o.reason = "the quota is used up"
	}
	if t := f.trial; t != nil && t.aborted {
		l.abort(t) // It may have been the last one under way.
	}
	l.count(a.Verdict)
	if !l.gate.Settle(a, round, now) {
		return
	}
	switch a.Verdict {
	case pace.Delivered:
		l.phaseSince, l.failures = time.Time{}, 0
		l.report.succeeded(now, l.records)
	case pace.Throttled:
		l.why = o
	default:
		if l.failures++; l.phaseSince.IsZero() {
			l.phaseSince = now
		}
		if o.kind == delivered { // It was the last of a batch most of which is refused.
			o = outcome{kind: rejected, reason: "most of a batch is refused"}
		}
		l.why = o
		l.report.failed(now, o, a.Verdict == pace.Held, l.gate.Until().Sub(now), l.records)
	}
}

// records returns how many records wait for delivery. It makes the log look back
// to its head, so it is for the few lines of the reporter only.
func (l *loop) records() int { return l.src.Backlog(l.src.Head()).Records }

func (l *loop) countWrites(r result) {
	if r.f.body == nil {
		return
	}
	d, n := &l.acks.delta, uint64(r.ambiguous())
	d.Ambiguous += n
	d.AmbiguousRecords += n * uint64(r.f.batch.Len())
	d.Bytes += uint64(r.writes) * uint64(len(r.f.body.b))
	d.RawBytes += uint64(r.writes) * uint64(r.f.body.raw)
}

func (l *loop) count(v pace.Verdict) {
	d := &l.acks.delta
	switch v {
	case pace.Throttled:
		d.Throttles++
	case pace.Held:
		d.Holds++
	case pace.Temporary:
		d.Failures++
	case pace.Delivered:
	}
}

// publish shows where the loop stands.
func (l *loop) publish() {
	st := Stats{
		Counters: l.acks.total(),
		Read:     l.pos, Acked: l.acks.settled(),
		InFlight: l.win.counts(flying), Waiting: l.win.counts(waiting) + l.win.counts(guilty),
		Condemned: l.win.counts(condemned), Window: l.gate.Width(), Learned: l.learned,
	}
	h := Health{Phase: phaseOf(l.gate.Phase()), Message: l.warning, LastSuccess: l.lastSuccess}
	if h.Phase != PhaseSending {
		h.Reason, h.Message, h.NextAttempt = l.why.reason, l.why.message, l.gate.Until()
		h.Since, h.FailedAttempts = l.phaseSince, l.failures
	} else if st.InFlight+st.Waiting == 0 && !l.paced {
		h.Phase = PhaseIdle
	}
	if l.stopped {
		h.Phase, h.NextAttempt = PhaseStopped, time.Time{}
	}
	h.SaveError, h.ReadError, h.DeadError = text(l.acks.err), text(l.readErr), text(l.buryErr)
	l.s.publish(h, st, l.acks.settled())
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return printable(err.Error(), maxMessage)
}

func phaseOf(p pace.Phase) Phase {
	switch p {
	case pace.PhaseBackoff:
		return PhaseBackoff
	case pace.PhaseThrottled:
		return PhaseThrottled
	case pace.PhaseHeld:
		return PhaseHold
	case pace.PhaseSending:
	}
	return PhaseSending
}
