package sender

import (
	"context"
	"time"
)

// launch starts an attempt for a flight.
func (l *loop) launch(ctx context.Context, f *flight, now time.Time) {
	n := uint64(f.batch.Len())
	l.limit.take(now, f.batch.Len())
	d := &l.acks.delta
	d.Requests++
	if f.attempts > 0 {
		d.Retries++
		d.Resent += n
	}
	f.attempts++
	f.state, f.round = flying, l.gate.round
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
	if o.kind == delivered {
		f.state = done
		l.lastSuccess, l.warning = now, o.message
	}
	l.count(o)
	if r.answer.err != nil {
		l.s.post.refresh()
	}
	if !l.gate.settle(o, f.round, now) {
		return
	}
	switch o.kind {
	case delivered:
		l.phaseSince, l.failures = time.Time{}, 0
		l.report.succeeded(now, l.records)
	case throttled:
		l.why = o
	default:
		if l.failures++; l.phaseSince.IsZero() {
			l.phaseSince = now
		}
		l.why = o
		l.report.failed(now, o, l.gate.until.Sub(now), l.records)
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

func (l *loop) count(o outcome) {
	d := &l.acks.delta
	switch {
	case o.kind == throttled:
		d.Throttles++
	case o.kind.stops():
		d.Holds++
	case o.kind == temporary:
		d.Failures++
	}
}

// publish shows where the loop stands.
func (l *loop) publish() {
	st := Stats{
		Counters: l.acks.total(),
		Read:     l.pos, Acked: l.acks.settled(),
		InFlight: l.win.count(flying), Waiting: l.win.count(waiting), Window: l.gate.width,
	}
	h := Health{Phase: l.gate.phase, Message: l.warning, LastSuccess: l.lastSuccess}
	if !l.gate.open() {
		h.Reason, h.Message, h.NextAttempt = l.why.reason, l.why.message, l.gate.until
		h.Since, h.FailedAttempts = l.phaseSince, l.failures
	} else if st.InFlight+st.Waiting == 0 && !l.paced {
		h.Phase = PhaseIdle
	}
	if l.stopped {
		h.Phase, h.NextAttempt = PhaseStopped, time.Time{}
	}
	if l.acks.err != nil {
		h.SaveError = printable(l.acks.err.Error(), maxMessage)
	}
	if l.readErr != nil {
		h.ReadError = printable(l.readErr.Error(), maxMessage)
	}
	l.s.publish(h, st, l.acks.settled())
}
