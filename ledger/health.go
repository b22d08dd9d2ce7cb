package ledger

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
)

// Status is the condition of a client in one word.
type Status string

const (
	// StatusOK: there is progress, or nothing to send.
	StatusOK Status = "ok"
	// StatusDegraded: delivery is delayed, or something was damaged; no record is
	// being lost.
	StatusDegraded Status = "degraded"
	// StatusFailing: nothing moves until somebody acts, or records are being lost.
	StatusFailing Status = "failing"
)

// Health says how a client does, and why.
type Health struct {
	Status Status `json:"status"`
	// Reasons are for a human to read; empty if Status is ok.
	Reasons []string `json:"reasons"`
	// Losing says that what is logged may not be kept: records were given up or lost
	// within the last minute, the disk takes none, or the client is closed.
	Losing bool `json:"losing"`
	// DestinationHealth is that of the first destination.
	DestinationHealth
	// Destinations are all of them, if there are several.
	Destinations []DestinationHealth `json:"destinations,omitempty"`
	// TimeToCap is that of [Stats].
	TimeToCap time.Duration `json:"time_to_cap_ns,omitzero"`
}

// DestinationHealth says how delivery to one destination does.
type DestinationHealth struct {
	// Name of the destination; Configured is false for one that no longer is.
	Name       string `json:"name"`
	Configured bool   `json:"configured"`
	// Delivery is what the sender does.
	Delivery sender.Health `json:"delivery"`
	// Pending records, and since when the oldest waits.
	Pending       uint64    `json:"pending"`
	OldestPending time.Time `json:"oldest_pending,omitzero"`
}

// recent is how long ago an eviction still means that records are being lost.
const recent = time.Minute

// Health returns the condition of this moment. It does not touch the network.
func (c *Client) Health() Health { return c.health(c.Stats()) }

// HealthHandler returns a handler that answers with [Client.Health] as JSON: 200 while
// what is logged is kept, even if the server is away, and 503 while it is not, see
// Health.Losing. The words of a server are in it; show it to operators only.
func (c *Client) HealthHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := c.Health()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if h.Losing {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(h) // Whoever asked is gone.
	})
}

func (c *Client) health(s Stats) Health {
	h := Health{Status: StatusOK, Reasons: []string{}, TimeToCap: s.TimeToCap}
	if err := c.log.Stats().Err; err != nil {
		h.Losing = true
		h.add(StatusFailing, "the disk takes no records, which are delivered from memory: %v", err)
	}
	var gone uint64
	for _, d := range s.Destinations {
		if d.Configured {
			gone += d.Evicted + d.Lost
		}
	}
	if gone = c.losses.watch(gone, time.Now()); gone > 0 {
		h.Losing = true
		h.add(StatusFailing, "%s given up or lost within the last minute", plural(gone, "record"))
	}
	if s.BufferFault != "" {
		h.add(StatusDegraded, "a kill would cost the records of the last %v: %s", c.cfg.SyncEvery, s.BufferFault)
	}
	c.deliveries(&h, s)
	if n := s.Recovery.Lost + s.Disk.LostAtRead; n > 0 {
		h.add(StatusDegraded, "%s damaged on disk; the bytes are in quarantine", plural(n, "record"))
	}
	if what := c.state.Recovered(); what != "" {
		h.add(StatusDegraded, "state was set aside: %s", what)
	}
	return h
}

// deliveries adds what the senders have to say.
func (c *Client) deliveries(h *Health, s Stats) {
	for i, ln := range c.ways() {
		if i >= len(s.Destinations) || s.Destinations[i].Name != ln.name {
			break // One was forgotten just now.
		}
		d := DestinationHealth{
			Name: ln.name, Configured: ln.sender != nil, Delivery: sender.Health{Phase: sender.PhaseStopped},
			Pending: s.Destinations[i].Pending, OldestPending: s.Destinations[i].OldestPending,
		}
		prefix := ""
		if len(s.Destinations) > 1 {
			prefix = "destination " + ln.name + ": "
		}
		if ln.sender == nil {
			h.add(StatusDegraded, "%sno longer configured, keeps %s; configure it again, or Forget it", prefix, plural(d.Pending, "pending record"))
		} else {
			d.Delivery = ln.sender.Health()
			if d.Delivery.Phase == sender.PhaseStopped && !c.spill.ended() {
				d.Delivery.Phase = sender.PhaseIdle // It has not looked yet, or is being stopped.
			}
			h.delivery(prefix, d.Pending, d.Delivery)
		}
		if len(s.Destinations) > 1 {
			h.Destinations = append(h.Destinations, d)
		}
		if i == 0 {
			h.DestinationHealth = d
		}
	}
}

// delivery adds what one sender has to say.
func (h *Health) delivery(prefix string, pending uint64, d sender.Health) {
	if d.SaveError != "" {
		h.add(StatusDegraded, "%sacks are not stored, so records may be sent twice: %s", prefix, d.SaveError)
	}
	if d.ReadError != "" {
		h.add(StatusFailing, "%sthe log cannot be read: %s", prefix, d.ReadError)
	}
	if d.DeadError != "" {
		h.add(StatusDegraded, "%sdead letters cannot be stored, and wait: %s", prefix, d.DeadError)
	}
	switch d.Phase {
	case sender.PhaseHold:
		h.add(StatusFailing, "%sdelivery is on hold: %s", prefix, d.Reason)
	case sender.PhaseBackoff:
		h.add(StatusDegraded, "%sdelivery fails and is tried again: %s", prefix, d.Reason)
	case sender.PhaseThrottled:
		if pending > 0 {
			h.add(StatusDegraded, "%sthe server asked for a pause: %s", prefix, d.Reason)
		}
	case sender.PhaseStopped:
		h.Losing = true
		h.add(StatusFailing, "the client is closed")
	case sender.PhaseIdle, sender.PhaseSending:
	}
}

// add notes a reason. The worst status stands.
func (h *Health) add(s Status, format string, args ...any) {
	h.Reasons = append(h.Reasons, fmt.Sprintf(format, args...))
	if h.Status != StatusFailing {
		h.Status = s
	}
}
