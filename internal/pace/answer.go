package pace

import "time"

// Verdict is what an answer means for the requests that come after it.
type Verdict uint8

const (
	// Delivered: the server works.
	Delivered Verdict = iota + 1
	// Temporary: the same request can succeed later.
	Temporary
	// Throttled: the server asks for a pause. Not a failure.
	Throttled
	// Held: nothing can succeed until something is fixed.
	Held
)

// Answer is what came of an attempt.
type Answer struct {
	Verdict Verdict
	// RetryAfter is the pause that the server asked for in a throttle, clamped by
	// the caller. At 0 and below a throttle waits as long as a failure would.
	RetryAfter time.Duration
	// Overload marks a temporary failure of a server that lives and cannot keep up
	// (503, timeout), as opposed to one that is not there (refused). A throttle is
	// such a sign by itself.
	Overload bool
}

func (a Answer) overload() bool {
	return a.Verdict == Throttled || a.Verdict == Temporary && a.Overload
}
