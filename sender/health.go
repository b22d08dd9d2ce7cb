package sender

import "time"

// Phase is what a sender is doing.
type Phase string

const (
	// PhaseIdle: nothing is due to be sent.
	PhaseIdle Phase = "idle"
	// PhaseSending: requests are under way, or about to be.
	PhaseSending Phase = "sending"
	// PhaseBackoff: the last attempt failed; the next waits for our own delay.
	PhaseBackoff Phase = "backoff"
	// PhaseThrottled: the server asked for a pause.
	PhaseThrottled Phase = "throttled"
	// PhaseHold: nothing can be delivered until something is fixed, at the server
	// or in the configuration. Everything is kept.
	PhaseHold Phase = "hold"
	// PhaseStopped: Run is not running.
	PhaseStopped Phase = "stopped"
)

// Health is the condition of delivery at one moment.
type Health struct {
	Phase Phase `json:"state"`
	// Reason of backoff, throttled and hold, in a few words of ours.
	Reason string `json:"reason,omitempty"`
	// Message is what the server said about it, or a warning that came with a
	// success: printable, bounded, without our secrets, and still the words of
	// another.
	Message string `json:"message,omitempty"`
	// Since when delivery does not work; zero when it does.
	Since time.Time `json:"since,omitzero"`
	// FailedAttempts since then.
	FailedAttempts int `json:"failed_attempts"`
	// NextAttempt is when backoff, throttled or hold end with the next request.
	NextAttempt time.Time `json:"next_attempt,omitzero"`
	// LastSuccess is when a batch was delivered last in this run.
	LastSuccess time.Time `json:"last_success,omitzero"`
	// SaveError says why acks are not durable, ReadError why the log cannot be read, and
	// DeadError why dead letters cannot be stored, so that their records wait; "" if all
	// is well. Any of them means degraded.
	SaveError string `json:"save_error,omitempty"`
	ReadError string `json:"read_error,omitempty"`
	DeadError string `json:"dead_error,omitempty"`
}

// OK reports whether delivery makes progress or has nothing to do, and what it
// does is durable. A server's pause is not a fault.
func (h Health) OK() bool {
	failing := h.Phase == PhaseBackoff || h.Phase == PhaseHold
	return !failing && h.SaveError == "" && h.ReadError == "" && h.DeadError == ""
}
