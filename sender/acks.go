package sender

import (
	"errors"
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// saveRetry is how long a failed save, or a failed read of the log, waits until it
// is tried again.
const saveRetry = 5 * time.Second

// acks takes delivered batches to the disk: first the log settles them, then the
// checkpoint is stored, then the log may reclaim their space, in this order (S1,
// W5).
//
// If storing fails, delivery goes on and the acks stay in memory: the stored
// checkpoint lags, which costs duplicates after a crash and nothing else (W2). It
// is tried again with the next ack and after saveRetry.
type acks struct {
	src   Source
	store Store

	base    Counters // what the store had at the start
	saved   Counters // what was added to it since
	delta   Counters // what is not in the store yet
	cp      wal.Checkpoint
	pending bool       // cp is not in the store yet
	durable wal.Offset // the head of the last checkpoint in the store
	again   time.Time  // when to try again after err
	err     error
}

func newAcks(src Source, store Store) *acks {
	return &acks{src: src, store: store, base: store.Counters(), durable: src.Head()}
}

// add settles a delivered batch in memory.
func (a *acks) add(b *wal.Batch) { a.cp, a.pending = a.src.Ack(b), true }

// bury settles in memory a batch whose dead letters are durable.
func (a *acks) bury(b *wal.Batch) { a.cp, a.pending = a.src.Bury(b), true }

// save makes the acks durable, if there are any.
func (a *acks) save(now time.Time) {
	if !a.pending {
		return
	}
	err := a.store.Save(a.cp, a.delta)
	if errors.Is(err, ErrBehind) {
		// The owner of the log stored a later checkpoint, for an eviction say. It
		// settles what ours does.
		err = a.store.AddCounters(a.delta)
	}
	if a.err = err; err != nil {
		a.again = now.Add(saveRetry)
		return
	}
	a.pending, a.durable = false, a.cp.Head
	a.saved, a.delta = a.saved.plus(a.delta), Counters{}
	a.src.Reclaim(a.cp)
}

// retryAt returns when a failed save is due again, zero if none failed.
func (a *acks) retryAt() time.Time {
	if a.pending && a.err != nil {
		return a.again
	}
	return time.Time{}
}

// settled returns the offset up to which every record is settled, and durably so
// as far as it was delivered.
func (a *acks) settled() wal.Offset {
	if a.pending {
		return a.durable
	}
	return a.src.Head()
}

// total returns the counters over all runs.
func (a *acks) total() Counters { return a.base.plus(a.saved).plus(a.delta) }

// finish saves what is left, acks or only counters.
func (a *acks) finish(now time.Time) error {
	if a.save(now); a.pending {
		return a.err
	}
	if a.delta == (Counters{}) {
		return nil
	}
	return a.store.AddCounters(a.delta)
}
