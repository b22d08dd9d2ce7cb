package ledger

import (
	"context"
	"errors"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Sync returns nil when everything logged before it was called is safe from a
// power cut (W3), whatever the Durability.
//
// Errors: [ErrClosed]; ctx's error; one that matches [ErrNotSynced] when the disk
// fails, in which case it is tried again by itself.
func (c *Client) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	last := wal.Offset(c.ring.Stats().Last)
	if c.spill.ended() {
		if !c.spill.isSafe(last) {
			return errors.Join(ErrClosed, ErrNotSynced)
		}
		return nil
	}
	return c.spill.wait(ctx, last)
}

// Flush returns nil when everything logged before it was called has been
// delivered, or set aside as a dead letter. It makes a batch of what there is, and
// cuts a running backoff short once; it does not overrule a pause that the server
// asked for.
//
// Errors: those of [Client.Sync]; a [*PendingError] when ctx ends first.
func (c *Client) Flush(ctx context.Context) error {
	last := wal.Offset(c.ring.Stats().Last)
	if err := c.Sync(ctx); err != nil && !isContext(err) {
		return err
	}
	return c.flush(ctx, "flush", last)
}

func (c *Client) flush(ctx context.Context, op string, last wal.Offset) error {
	all := c.senders()
	for _, s := range all {
		s.Urge(last) // All of them at once.
	}
	for _, s := range all {
		err := s.Flush(ctx, last)
		switch {
		case err == nil:
			continue
		case errors.Is(err, sender.ErrStopped):
			return ErrClosed
		case !isContext(err):
			return err
		}
		if pending := c.pending(); pending > 0 {
			return &PendingError{Op: op, Pending: pending, Reason: s.Health().Reason, Err: ctx.Err()}
		}
		return nil
	}
	return nil
}

// pending is undelivered with the records that are in memory only: Sync put none of them
// into the log if its context had ended before.
func (c *Client) pending() uint64 {
	var most uint64
	for _, ln := range c.ways() {
		if ln.sender != nil {
			most = max(most, c.booksOf(ln, ln.reader.Stats(), c.log.Stats(), c.ring.Stats()).Pending)
		}
	}
	return most
}

// undelivered returns how many records of the log wait for the destination for which
// most do.
func (c *Client) undelivered() uint64 {
	var most uint64
	for _, ln := range c.ways() {
		if ln.sender != nil {
			most = max(most, ln.reader.Stats().Pending)
		}
	}
	return most
}

// Shutdown admits no more records, makes those that were admitted safe from a
// power cut, and delivers until everything is delivered or ctx ends. What is left
// waits on disk for the next Open.
//
// Errors: a [*PendingError] if something is left; an I/O error of the disk. The
// client is closed whatever it returns. Calling it again returns nil.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.shutdown(func(last wal.Offset) error { return c.flush(ctx, "shutdown", last) })
}

// Close is Shutdown without waiting for the network: what is pending waits on disk,
// and that is no error. It is idempotent.
func (c *Client) Close() error {
	return c.shutdown(func(wal.Offset) error { return nil })
}

// shutdown ends the client. deliver is called when no more records are admitted,
// with the offset of the last.
func (c *Client) shutdown(deliver func(last wal.Offset) error) error {
	c.closing.Lock()
	defer c.closing.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.ring.Close()
	c.spill.stop()
	last := wal.Offset(c.ring.Stats().Last)
	var err error
	if !c.spill.isSafe(last) {
		err = errors.Join(ErrNotSynced, c.spill.outcome())
	}
	err = errors.Join(err, deliver(last))
	c.stop()
	c.goroutines.Wait()
	for _, ln := range c.ways() {
		err = errors.Join(err, ln.books.Save(wal.Checkpoint{}, sender.Counters{}))
	}
	return errors.Join(err, c.release())
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
