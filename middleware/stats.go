package middleware

import "sync/atomic"

// Stats counts the requests that a [Recorder] left out, by the option that asked for
// it, and what went wrong.
type Stats struct {
	Skipped  uint64 `json:"skipped"`  // WithSkip
	Unrouted uint64 `json:"unrouted"` // WithRoutedOnly
	Noise    uint64 `json:"noise"`    // WithNoiseFilter
	NotKept  uint64 `json:"not_kept"` // WithKeep
	Sampled  uint64 `json:"sampled"`  // WithSample
	// Panics is how often a function given to an option panicked.
	Panics uint64 `json:"panics"`
}

type counts struct {
	skipped, unrouted, noise, notKept, sampled, panics atomic.Uint64
}

// Stats returns the counts so far.
func (rec *Recorder) Stats() Stats {
	c := rec.cfg.counts
	return Stats{
		Skipped: c.skipped.Load(), Unrouted: c.unrouted.Load(), Noise: c.noise.Load(),
		NotKept: c.notKept.Load(), Sampled: c.sampled.Load(), Panics: c.panics.Load(),
	}
}

// contained calls a function that the application gave to an option. If it panics the
// answer is otherwise, and the request goes on (M4).
func contained[T any](c *config, otherwise T, f func() T) (answer T) {
	defer func() {
		if recover() != nil {
			c.counts.panics.Add(1)
			answer = otherwise
		}
	}()
	return f()
}
