package main

import (
	"fmt"
	"io"
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// summary is what a replay came to. Planned = Sent + Rejected + Failed + Gone.
type summary struct {
	SchemaVersion int `json:"schema_version"`
	Planned       int `json:"planned"`
	// Sent records were taken by the server.
	Sent int `json:"sent"`
	// Rejected records were refused, one by one, in answers that took the others.
	Rejected int `json:"rejected"`
	// Failed records were not delivered, or the server never said so.
	Failed int `json:"failed"`
	// Gone records left the log between the plan and the sending: their process had
	// delivered them and reclaimed the space.
	Gone     int    `json:"gone"`
	Requests uint64 `json:"requests"`
	Retries  uint64 `json:"retries"`
	Bytes    uint64 `json:"bytes"` // as sent
	// ResumeFrom is the offset to go on from, 0 if nothing failed.
	ResumeFrom      wal.Offset `json:"resume_from"`
	Reason          string     `json:"reason,omitempty"`         // why it ended early
	ServerMessage   string     `json:"server_message,omitempty"` // with the last refusal
	DurationSeconds float64    `json:"duration_seconds"`
}

// sum adds up a delivery that has ended. complete says that the log was read to
// the end.
func (d *delivery) sum(p *plan, reason string, complete bool, took time.Duration) summary {
	acked, head := d.feed.progress()
	rejected, message := d.tap.refusals()
	stats := d.sender.Stats()
	s := summary{
		SchemaVersion: schemaVersion, Planned: p.Records, Rejected: int(min(rejected, int64(acked))),
		Requests: stats.Requests, Retries: stats.Retries, Bytes: stats.Bytes,
		Reason: reason, ServerMessage: message, DurationSeconds: took.Seconds(),
	}
	s.Sent = acked - s.Rejected
	if complete {
		s.Gone = p.Records - d.chunker.fed
	}
	if s.Failed = p.Records - acked - s.Gone; s.Failed > 0 {
		s.ResumeFrom = max(head+1, p.First)
	}
	return s
}

func (s *summary) write(w io.Writer) error {
	if s.Planned == 0 {
		_, err := io.WriteString(w, "nothing to send\n")
		return err
	}
	text := fmt.Sprintf("%s sent, %d rejected, %d failed, %d gone, of %d; %s in %s",
		count(s.Sent, "record"), s.Rejected, s.Failed, s.Gone, s.Planned, count(s.Requests, "request"),
		time.Duration(s.DurationSeconds*float64(time.Second)).Truncate(time.Millisecond))
	lines := safe(text) + "\n"
	if s.ServerMessage != "" {
		lines += "last refusal: " + safe(s.ServerMessage) + "\n"
	}
	if s.Reason != "" {
		lines += "ended early: " + safe(s.Reason) + "\n"
	}
	if s.ResumeFrom > 0 {
		lines += fmt.Sprintf("to go on: the same command with --from %d\n", s.ResumeFrom)
	}
	_, err := io.WriteString(w, lines)
	return err
}
