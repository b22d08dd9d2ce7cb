package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
)

// DeadLimits bound the dead letters that are kept.
type DeadLimits = sender.DeadLimits

// DeadLetter is a record that a server refused for good, as an operator sees it.
type DeadLetter struct {
	// Destination that refused it, Reason why (rejected, too_large, partial, quota),
	// Status and Message of the server's answer. The words are the server's, printable
	// and bounded.
	Destination string `json:"destination"`
	Reason      string `json:"reason"`
	Status      int    `json:"status"`
	Message     string `json:"message,omitempty"`
	// First and Last attempt, and how many there were.
	First    time.Time `json:"first_attempt"`
	Last     time.Time `json:"last_attempt"`
	Attempts int       `json:"attempts"`
	// Offset of the record, and the record in OTLP's wire form.
	Offset uint64 `json:"offset"`
	Record []byte `json:"record"`
}

// DeadLetters returns the oldest dead letters, at most limit of them; 0 is no limit.
// They are copies.
func (c *Client) DeadLetters(limit int) ([]DeadLetter, error) {
	all, err := c.dead.Letters(limit, func(sender.DeadLetter) bool { return true })
	out := make([]DeadLetter, 0, len(all))
	for _, l := range all {
		out = append(out, DeadLetter{
			Destination: l.Destination, Reason: l.Reason, Status: l.Status, Message: l.Message,
			First: l.First, Last: l.Last, Attempts: l.Attempts, Offset: l.Offset, Record: l.Record,
		})
	}
	if err != nil {
		return out, fmt.Errorf("ledger: dead letters: %w", err)
	}
	return out, nil
}

// Redriven is what came of sending dead letters again.
type Redriven = sender.Redriven

// Redrive sends the dead letters of all destinations again, those with one of the reasons
// or all, beside what is fresh. It returns when each was delivered, and so is no dead
// letter any more, or refused once more. The record IDs make it safe for what a server
// had after all.
//
// Errors: ctx's, one of the disk, [ErrClosed]. Redriven counts what was done before it.
func (c *Client) Redrive(ctx context.Context, reasons ...string) (Redriven, error) {
	var sum Redriven
	var errs []error
	for _, s := range c.senders() {
		r, err := s.Redrive(ctx, reasons...)
		sum.Delivered += r.Delivered
		sum.Refused += r.Refused
		if errors.Is(err, sender.ErrStopped) {
			err = ErrClosed
		}
		errs = append(errs, err)
	}
	return sum, errors.Join(errs...)
}
