package pace

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Phase is what a gate does.
type Phase string

const (
	// PhaseSending: attempts may start as far as the window allows.
	PhaseSending Phase = "sending"
	// PhaseBackoff: the last attempt failed; the probe waits for our own delay.
	PhaseBackoff Phase = "backoff"
	// PhaseThrottled: the server asked for a pause.
	PhaseThrottled Phase = "throttled"
	// PhaseHeld: nothing can succeed until something is fixed.
	PhaseHeld Phase = "hold"
)

// outage is how many attempts have to fail in a row until a server counts as gone.
const outage = 3

// Gate decides when attempts may start, and how many at once. The rules are in the
// documentation of the package. It is owned by one goroutine.
type Gate struct {
	cfg     Config
	backoff *backoff.ExponentialBackOff
	window  window
	drain   drain

	phase    Phase
	until    time.Time
	round    int
	failures int           // in a row
	failed   time.Time     // when this round began
	waited   time.Duration // the longest wait of our own since delivery worked
	starting bool          // until is that of Start
}

// New returns an open gate with a window of one.
func New(cfg Config) *Gate {
	cfg = cfg.withDefaults()
	return &Gate{cfg: cfg, backoff: newBackoff(cfg), window: newWindow(cfg.MaxInFlight), phase: PhaseSending}
}

// Start puts off the first attempt by a random time of at most Config.Spread
// (rule 9). It is for a new gate of a process that finds a backlog of an earlier one.
func (g *Gate) Start(now time.Time) {
	if wait := g.cfg.upTo(g.cfg.Spread); wait > 0 {
		g.until, g.starting = now.Add(wait), true
	}
}

// Phase returns what the gate does.
func (g *Gate) Phase() Phase { return g.phase }

// Until returns the time before which nothing starts, zero if there is none.
func (g *Gate) Until() time.Time { return g.until }

// Round returns the number of the present round. It is to be kept with an attempt
// that is launched, and given back with its answer.
func (g *Gate) Round() int { return g.round }

// Width returns how many attempts of this round may be in flight.
func (g *Gate) Width() int { return g.window.width }

// Failures returns how many attempts failed since one was delivered. Of those that
// were under way together one counts.
func (g *Gate) Failures() int { return g.failures }

// Probing reports whether the next launch is the probe after an outage, for which a
// small batch will do. After a blip the probe is the batch that failed, unchanged.
func (g *Gate) Probing() bool { return g.failures >= outage }

// Admits reports whether one more attempt may start now, with so many of this
// round in flight.
func (g *Gate) Admits(now time.Time, inFlight int) bool {
	return !now.Before(g.until) && inFlight < g.window.width
}

// Launched takes in that an attempt started.
func (g *Gate) Launched(time.Time) { g.starting = false }

// Settle takes in what came of an attempt of a round, and reports whether that
// decided anything.
func (g *Gate) Settle(a Answer, round int, now time.Time) bool {
	asked := a.Verdict == Throttled && a.RetryAfter > 0
	if round != g.round && !(asked && now.Add(a.RetryAfter).After(g.until)) {
		return false
	}
	switch {
	case a.Verdict == Delivered:
		g.succeed(now)
	case asked:
		g.shut(PhaseThrottled, a, g.throttle(a.RetryAfter, now), now)
	case a.Verdict == Throttled: // The server named no time, so ours grows as usual.
		g.shut(PhaseThrottled, a, g.next(), now)
	case a.Verdict == Held:
		g.failures++
		g.waited = max(g.waited, g.cfg.Hold)
		g.shut(PhaseHeld, a, g.cfg.Hold, now)
	default:
		g.failures++
		g.shut(PhaseBackoff, a, g.next(), now)
	}
	return true
}

func (g *Gate) succeed(now time.Time) {
	if g.phase != PhaseSending {
		g.drain.begin(g.waited, now)
		g.phase, g.failures, g.waited = PhaseSending, 0, 0
	} else {
		g.drain.succeed()
	}
	g.backoff.Reset()
	g.until = time.Time{}
	if !g.drain.single(now) {
		g.window.grow()
	}
}

// next returns the next wait of the backoff. Jitter comes after the cap: before it,
// it would vanish just where a fleet spends an outage.
func (g *Gate) next() time.Duration {
	step := g.backoff.NextBackOff()
	g.waited = max(g.waited, step)
	return g.cfg.spread(step, g.cfg.Jitter)
}

// throttle returns the wait for a pause that the server asked for. What is added
// keeps a fleet apart that was told the same time.
func (g *Gate) throttle(after time.Duration, now time.Time) time.Duration {
	if g.phase != PhaseSending {
		g.drain.begin(g.waited, now) // It lives.
	}
	return after + g.cfg.upTo(time.Duration(g.cfg.Jitter*float64(min(after, g.cfg.Max))))
}

// shut closes the gate for a time and begins a new round.
func (g *Gate) shut(p Phase, a Answer, wait time.Duration, now time.Time) {
	g.drain.streak = 0
	if a.overload() {
		if pause := g.drain.overload(now); pause > 0 {
			wait = max(wait, g.cfg.spread(pause, scatter))
		}
	}
	g.window.shut(a.overload())
	g.phase, g.until, g.failed = p, now.Add(wait), now
	g.round++
}

// Nudge shortens a running backoff to its first step, counted from the attempt that
// began it: whoever nudges all the time asks no more often than after a first
// failure. It shortens neither a server's pause nor a hold, which nothing of ours
// can end. A start that was put off is so no longer: somebody waits.
func (g *Gate) Nudge() {
	if g.starting {
		g.starting, g.until = false, time.Time{}
	}
	if soon := g.failed.Add(g.cfg.Initial); g.phase == PhaseBackoff && soon.Before(g.until) {
		g.until = soon
	}
}
