package sender

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/pace"
)

// Retry says how delivery waits after temporary failures: Initial, then each time
// Multiplier times as long, up to Max, for ever. The zero value of a field is its
// default.
type Retry struct {
	// Initial wait; 2 s.
	Initial time.Duration
	// Max wait before jitter; 60 s.
	Max time.Duration
	// Multiplier, at least 1; 2.
	Multiplier float64
	// Jitter spreads every wait evenly by this share in both directions, after the
	// cap, so that a fleet that waits the longest does not wait in step; 0.2. A
	// negative value means none.
	Jitter float64
	// StrictOTLP keeps to what OTLP allows to be sent again by itself: 429, 502,
	// 503, 504 and failed connections. 408, 425 and the other 5xx then hold. Without
	// it they are sent again, which record IDs make safe.
	StrictOTLP bool
}

func (r Retry) withDefaults() Retry {
	if r.Initial == 0 {
		r.Initial = 2 * time.Second
	}
	if r.Max == 0 {
		r.Max = max(time.Minute, r.Initial)
	}
	if r.Multiplier == 0 {
		r.Multiplier = 2
	}
	if r.Jitter == 0 {
		r.Jitter = 0.2
	}
	r.Jitter = max(r.Jitter, 0)
	return r
}

// Validate names every bad field of r.
func (r Retry) Validate() error {
	r = r.withDefaults()
	var errs []error
	if r.Initial < time.Millisecond {
		errs = append(errs, fmt.Errorf("Retry.Initial is %v, less than 1ms", r.Initial))
	}
	if r.Max < r.Initial {
		errs = append(errs, fmt.Errorf("Retry.Max is %v, less than Retry.Initial", r.Max))
	}
	if !(r.Multiplier >= 1) || math.IsInf(r.Multiplier, 0) {
		errs = append(errs, fmt.Errorf("Retry.Multiplier is %v, less than 1", r.Multiplier))
	}
	if !(r.Jitter < 1) {
		errs = append(errs, fmt.Errorf("Retry.Jitter is %v, not below 1", r.Jitter))
	}
	return errors.Join(errs...)
}

// maxSpread bounds how long a process that finds a backlog puts off its first request, so
// that a fleet that was started together does not begin together.
const maxSpread = 5 * time.Second

// pace is what of the configuration the gate works by.
func (c *Config) pace() pace.Config {
	return pace.Config{
		MaxInFlight: c.MaxInFlight, Initial: c.Retry.Initial, Max: c.Retry.Max,
		Multiplier: c.Retry.Multiplier, Jitter: c.Retry.Jitter, Spread: min(c.FlushInterval, maxSpread),
	}
}
