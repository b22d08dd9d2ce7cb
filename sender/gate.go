package sender

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// holdProbe is how often a held sender tries whether it may go on.
const holdProbe = time.Minute

// gate decides when requests may start and how many at once. It knows time only
// from its caller, and is owned by the loop.
//
// It is open until an attempt fails, and then closed until a time. At that time
// one attempt may start, the probe; its success opens the gate, for two attempts
// at once, and every further success for one more, up to max: 1, 2, 4, ... in
// terms of round trips. A gate is born open for one.
//
// Attempts under way when the gate closed belong to an earlier round. They tell
// nothing about the probe, so they do not open it and do not make it wait longer,
// except when the server asked for a pause.
type gate struct {
	max     int
	first   time.Duration // the first step of the backoff
	backoff *backoff.ExponentialBackOff

	phase Phase // PhaseSending when open
	until time.Time
	round int
	width int
	last  time.Time // when an attempt of this round failed last
}

func newGate(maxInFlight int, r Retry) *gate {
	return &gate{max: maxInFlight, first: r.Initial, backoff: newBackoff(r), phase: PhaseSending, width: 1}
}

func (g *gate) open() bool { return g.phase == PhaseSending }

// admits reports whether one more attempt may start now, with so many of this
// round under way.
func (g *gate) admits(now time.Time, inFlight int) bool {
	return !now.Before(g.until) && inFlight < g.width
}

// settle takes in what an attempt of a round came to, and reports whether that
// decided anything.
func (g *gate) settle(o outcome, round int, now time.Time) bool {
	if round != g.round {
		if o.kind == throttled && o.retryAfter > 0 && now.Add(o.retryAfter).After(g.until) {
			g.phase, g.until = PhaseThrottled, now.Add(o.retryAfter)
			return true
		}
		return false
	}
	switch {
	case o.kind == delivered:
		g.backoff.Reset()
		g.phase, g.until = PhaseSending, time.Time{}
		g.width = min(g.width+1, g.max)
	case o.kind == throttled && o.retryAfter > 0:
		g.close(PhaseThrottled, now, o.retryAfter)
	case o.kind == throttled: // The server named no time, so ours grows as usual.
		g.close(PhaseThrottled, now, g.backoff.NextBackOff())
	case o.kind.stops():
		g.close(PhaseHold, now, holdProbe)
	default:
		g.close(PhaseBackoff, now, g.backoff.NextBackOff())
	}
	return true
}

func (g *gate) close(p Phase, now time.Time, wait time.Duration) {
	g.phase, g.until, g.last = p, now.Add(wait), now
	g.round++
	g.width = 1
}

// nudge shortens a running backoff to its first step, counted from the attempt
// that began it. So a caller that nudges all the time makes us no faster than a
// server is asked after its first failure. A server's own pause is not shortened,
// and a hold is not either: nothing we can do ends it.
func (g *gate) nudge() {
	if soon := g.last.Add(g.first); g.phase == PhaseBackoff && soon.Before(g.until) {
		g.until = soon
	}
}
