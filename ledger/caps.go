package ledger

import (
	"time"

	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// enforceCaps evicts the oldest pending records beyond MaxRecords and MaxBytes, of each
// destination those that it has not got. It touches no disk. The lock keeps two callers from evicting for the same excess.
func (c *Client) enforceCaps() {
	c.caps.Lock()
	defer c.caps.Unlock()
	// The ring first: what is acked in between then makes the excess seem smaller,
	// and never evicts a record too many.
	r := c.ring.Stats()
	if r.Fault == nil && wal.Offset(r.Oldest) > c.adopted+1 {
		// What the disk does not take lives as long as its frame in the ring. What an
		// earlier process left is in no ring of ours, and stays until ours gives up its
		// own.
		c.log.EvictUnsynced(wal.Offset(r.Oldest))
	}
	l := c.log.Stats()
	for _, ln := range c.ways() {
		books := ln.reader.Stats()
		pending := int64(r.Last) - int64(l.Last) + int64(books.Pending) - c.untold(r, l)
		if over := pending - int64(c.cfg.MaxRecords); over > 0 {
			ln.reader.Evict(uint64(over))
		}
		if over := books.PendingBytes + r.Bytes - c.cfg.MaxBytes; over > 0 {
			ln.reader.EvictBytes(over)
		}
	}
}

// untold returns how many records the ring gave up that no frame has told the log of
// yet. It is below 0 for a moment if l is the younger of the two.
func (c *Client) untold(r ring.Stats, l wal.Stats) int64 {
	return int64(r.Evicted) - int64(l.Skipped-c.told)
}

// expire evicts what has waited longer than MaxAge. It may read from the disk.
func (c *Client) expire() {
	if c.cfg.MaxAge <= 0 {
		return
	}
	for _, ln := range c.ways() {
		ln.reader.EvictBefore(time.Now().Add(-c.cfg.MaxAge))
	}
}

// freeSpace stores how far evictions went when a segment can be freed by it:
// while nothing is acked nobody else would.
func (c *Client) freeSpace() {
	stored := false
	for _, ln := range c.ways() {
		if ln.reader.Reclaimable() {
			// A state that cannot be stored shows in Health through the sender; here it
			// only means that the segment stays for now (W5).
			stored = ln.books.Save(wal.Checkpoint{}, sender.Counters{}) == nil || stored
		}
	}
	if stored {
		c.log.Maintain()
	}
}
