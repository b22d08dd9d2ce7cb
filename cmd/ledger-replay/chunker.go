package main

import (
	"context"

	"golang.org/x/time/rate"

	"github.com/ledger-sdk/ledger-go/wal"
)

// maxBatchBytes bounds a batch, unless one record is larger.
const maxBatchBytes = 4 << 20

// chunker makes batches of the chosen records and puts them into a feed, not
// faster than the rate.
type chunker struct {
	to      *feed
	records int           // of a batch
	rate    *rate.Limiter // nil is no limit; its burst is a batch
	now     *wal.Batch    // being filled
	fed     int           // records put into the feed
}

// newChunker limits batches to what a second may carry, so that a slow rate is
// even and not a large batch now and then.
func newChunker(to *feed, records, perSecond int) *chunker {
	c := &chunker{to: to, records: records, now: &wal.Batch{}}
	if perSecond > 0 {
		c.records = min(records, perSecond)
		c.rate = rate.NewLimiter(rate.Limit(perSecond), c.records)
	}
	return c
}

// run feeds everything that s chooses, and ends the feed.
func (c *chunker) run(ctx context.Context, s *scan) error {
	defer c.to.end()
	_, err := s.pass(ctx, func(r *record) error { return c.add(ctx, r) })
	if err != nil {
		return err
	}
	return c.flush(ctx)
}

// add copies a record into the batch. The bytes are those that were stored (R3).
func (c *chunker) add(ctx context.Context, r *record) error {
	b := c.now
	if b.Len() > 0 && (b.Len() == c.records || b.Resource != r.resource || len(b.Data)+len(r.payload) > maxBatchBytes) {
		if err := c.flush(ctx); err != nil {
			return err
		}
		b = c.now
	}
	b.Resource = r.resource
	b.Data = append(b.Data, r.payload...)
	b.Entries = append(b.Entries, wal.Entry{Offset: r.offset, End: len(b.Data)})
	return nil
}

func (c *chunker) flush(ctx context.Context) error {
	b := c.now
	if b.Len() == 0 {
		return nil
	}
	if c.rate != nil {
		if err := c.rate.WaitN(ctx, b.Len()); err != nil {
			return err
		}
	}
	c.now = &wal.Batch{}
	n := b.Len() // The feed owns b from then on.
	if err := c.to.put(ctx, b); err != nil {
		return err
	}
	c.fed += n
	return nil
}
