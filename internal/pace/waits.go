package pace

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// waits is the sequence of waits after failures. It never ends.
type waits struct {
	steps  *backoff.ExponentialBackOff
	jitter float64
	rand   func() float64
	last   time.Duration // the last step, before jitter
}

func newWaits(c Config) waits {
	return waits{
		steps: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(c.Initial),
			backoff.WithMaxInterval(c.Max),
			backoff.WithMultiplier(c.Multiplier),
			backoff.WithRandomizationFactor(0), // see next
			backoff.WithMaxElapsedTime(0),      // No limit: the records are on disk and wait.
			backoff.WithClockProvider(noClock{}),
		),
		jitter: c.Jitter,
		rand:   c.Rand,
	}
}

// next returns the next wait. The jitter is ours, not the library's, because that
// has a source of chance of its own, and it comes after the cap: jitter before the
// cap vanishes just where a fleet spends an outage.
func (w *waits) next() time.Duration {
	w.last = w.steps.NextBackOff()
	return w.spread(w.last, w.jitter)
}

// spread moves d by at most the share of it, in both directions.
func (w *waits) spread(d time.Duration, share float64) time.Duration {
	if w.jitter == 0 {
		return d
	}
	return time.Duration(float64(d) * (1 + share*(2*w.rand()-1)))
}

// upTo returns a time in [0, d), 0 without jitter.
func (w *waits) upTo(d time.Duration) time.Duration {
	if w.jitter == 0 {
		return 0
	}
	return time.Duration(float64(d) * w.rand())
}

func (w *waits) reset() {
	w.steps.Reset()
	w.last = 0
}

// noClock keeps the library from looking at the time, which is the caller's.
type noClock struct{}

func (noClock) Now() time.Time { return time.Time{} }
