package pace

import (
	"math/rand/v2"
	"time"
)

// Config is what a gate works by. Times and factors are the caller's to validate.
type Config struct {
	// MaxInFlight is the widest the window gets, at least 1.
	MaxInFlight int
	// Initial, Max and Multiplier make the waits of the backoff.
	Initial, Max time.Duration
	Multiplier   float64
	// Jitter spreads a wait evenly by this share in both directions, after the cap.
	// At 0 and below the gate is deterministic: nothing is spread at all.
	Jitter float64
	// Hold is the time between the probes of a hold; a minute if it is 0.
	Hold time.Duration
	// Spread is the longest that [Gate.Start] puts off the first attempt.
	Spread time.Duration
	// Rand returns a number in [0, 1); nil is that of math/rand/v2.
	Rand func() float64
}

func (c Config) withDefaults() Config {
	c.MaxInFlight = max(c.MaxInFlight, 1)
	c.Jitter = max(c.Jitter, 0)
	if c.Hold == 0 {
		c.Hold = time.Minute
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	return c
}
