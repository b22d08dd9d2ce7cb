package pace

import "time"

// Phase is what a gate does.
type Phase string

const (
	// PhaseSending: attempts may start as far as window and pace allow.
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
// documentation of the package.
type Gate struct {
	cfg    Config
	waits  waits
	window window
	drain  drain

	phase    Phase
	until    time.Time
	round    int
	failures int       // in a row
	failed   time.Time // when an attempt of this round failed last
	launched time.Time // the last launch of an open gate
	starting bool      // until is that of Start
}

// New returns an open gate with a window of one.
func New(cfg Config) *Gate {
	cfg = cfg.withDefaults()
	return &Gate{cfg: cfg, waits: newWaits(cfg), window: newWindow(cfg.MaxInFlight), phase: PhaseSending}
}

// Start puts off the first attempt of a process that finds a backlog of an earlier
// one, by a random time of at most Config.Spread (rule 9).
func (g *Gate) Start(now time.Time) {
	if wait := g.waits.upTo(g.cfg.Spread); wait > 0 && g.phase == PhaseSending {
		g.until, g.starting = now.Add(wait), true
	}
}

// Phase returns what the gate does.
func (g *Gate) Phase() Phase { return g.phase }

// Until returns the time before which nothing starts, zero if time does not matter.
func (g *Gate) Until() time.Time { return g.until }

// Round returns the number of the present round, to be kept with an attempt that
// is launched and given back with its answer. Every closing begins a new one.
func (g *Gate) Round() int { return g.round }

// Width returns how many attempts of this round may be in flight.
func (g *Gate) Width() int { return g.window.width }

// Failures returns how many attempts failed since one was delivered.
func (g *Gate) Failures() int { return g.failures }

// Probing reports whether the next launch is the probe after an outage, for which
// a small batch will do. After a blip it is the batch that failed, unchanged.
func (g *Gate) Probing() bool { return g.phase != PhaseSending && g.failures >= outage }

// Admits reports whether one more attempt may start now, with so many of this
// round under way.
func (g *Gate) Admits(now time.Time, inFlight int) bool {
	return !now.Before(g.until) && inFlight < g.window.width
}

// Launched takes in that an attempt started.
func (g *Gate) Launched(now time.Time) {
	g.starting = false
	if g.phase == PhaseSending {
		g.launched = now
		g.pace()
	}
}

// pace keeps the gap to the last launch of an open gate.
func (g *Gate) pace() {
	g.until = time.Time{}
	if g.drain.gap > 0 && !g.launched.IsZero() {
		g.until = g.launched.Add(g.drain.gap)
	}
}

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
		g.shut(PhaseThrottled, a, g.throttle(a.RetryAfter), now)
	case a.Verdict == Throttled: // The server named no time, so ours grows as usual.
		g.shut(PhaseThrottled, a, g.waits.next(), now)
	case a.Verdict == Held:
		g.failures++
		g.waits.last = g.cfg.Hold
		g.shut(PhaseHeld, a, g.cfg.Hold, now)
	default:
		g.failures++
		g.shut(PhaseBackoff, a, g.waits.next(), now)
	}
	return true
}

// throttle returns the wait for a server's pause. What is added keeps a fleet
// apart that was told the same.
func (g *Gate) throttle(after time.Duration) time.Duration {
	return after + g.waits.upTo(part(min(after, g.cfg.Max), g.cfg.Jitter))
}

func (g *Gate) succeed(now time.Time) {
	g.failures = 0
	if g.phase == PhaseSending {
		g.drain.succeed()
	} else {
		g.phase, g.launched = PhaseSending, time.Time{}
		g.drain.begin(g.waits.last, now)
		g.waits.reset()
	}
	g.window.grow()
	g.pace()
}

func (g *Gate) shut(p Phase, a Answer, wait time.Duration, now time.Time) {
	if a.overload() {
		if pause := g.drain.overload(now); pause > 0 {
			wait = max(wait, g.waits.spread(pause, 0.5))
		}
	}
	g.window.shut(a.overload())
	g.phase, g.until, g.failed = p, now.Add(wait), now
	g.round++
	g.starting = false
}

// Nudge shortens a running backoff to its first step, counted from the attempt
// that began it: whoever nudges all the time asks no more often than after a first
// failure. It shortens neither a server's pause nor a hold, which nothing of ours
// can end. A start that is put off is no longer so: somebody waits.
func (g *Gate) Nudge() {
	if g.starting {
		g.starting, g.until = false, time.Time{}
	}
	if soon := g.failed.Add(g.cfg.Initial); g.phase == PhaseBackoff && soon.Before(g.until) {
		g.until = soon
	}
}
