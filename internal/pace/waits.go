package pace

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// newBackoff returns the sequence of waits after failures, without jitter. It never
// ends. The jitter is ours: the library has a source of chance of its own.
func newBackoff(c Config) *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(c.Initial),
		backoff.WithMaxInterval(c.Max),
		backoff.WithMultiplier(c.Multiplier),
		backoff.WithRandomizationFactor(0),
		backoff.WithMaxElapsedTime(0), // No limit: the records are on disk and wait.
		backoff.WithClockProvider(noClock{}),
	)
}

// noClock keeps the library from looking at the time, which is the caller's.
type noClock struct{}

func (noClock) Now() time.Time { return time.Time{} }

// spread moves d by at most a share of it to either side.
func (c *Config) spread(d time.Duration, share float64) time.Duration {
	if c.Jitter == 0 {
		return d
	}
	return time.Duration(float64(d) * (1 + share*(2*c.Rand()-1)))
}

// upTo returns a time from 0 up to d, without d, and 0 without jitter.
func (c *Config) upTo(d time.Duration) time.Duration {
	if c.Jitter == 0 {
		return 0
	}
	return time.Duration(float64(d) * c.Rand())
}
