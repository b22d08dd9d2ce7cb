package ledger

import (
	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/wal"
)

// origin is what the log is opened with.
type origin struct {
	epoch      uint64
	checkpoint wal.Checkpoint
	// adopted says that the epoch is the log's or the ring's, because the state
	// was lost or belongs to another log.
	adopted bool
}

// findOrigin asks the state where the log stands. When the log, or the ring if
// there is no log, is not of the epoch that the state speaks of, the state's numbers
// say nothing about these records: they are delivered, some of them twice (W1).
func (c *Client) findOrigin(walDir string) (origin, error) {
	known := origin{epoch: c.state.Identity().Epoch, checkpoint: c.state.Checkpoint()}
	found, err := wal.PeekEpoch(walDir)
	if err != nil {
		return known, err
	}
	onlyRing := found == 0 && known.checkpoint.Last == 0
	if onlyRing {
		// A process may have died before its first record reached the log. If the
		// file cannot be read, openRing deals with that.
		found, _ = ring.PeekEpoch(c.ringPath())
	}
	if found == 0 || found == known.epoch {
		return known, nil
	}
	if ours, err := wal.HoldsEpoch(walDir, known.epoch); err != nil || ours {
		return known, err // A segment of another log was put beside ours.
	}
	o := origin{epoch: found, adopted: true}
	if onlyRing {
		o.checkpoint = c.beforeRing(found)
	}
	return o, c.state.SetEpoch(found)
}

// beforeRing returns a checkpoint that settles everything before the first record
// that the ring still holds, and continues its numbers (W1). Nothing else is left
// to say what became of those records; a ring gives them up only to the log.
func (c *Client) beforeRing(epoch uint64) wal.Checkpoint {
	left, err := ring.ReadLeftover(c.ringPath(), epoch, 1)
	if err != nil {
		return wal.Checkpoint{}
	}
	last := wal.Offset(left.Admitted)
	if len(left.Runs) > 0 {
		last = wal.Offset(left.Runs[0].Base - 1)
	}
	return wal.Checkpoint{Epoch: epoch, Head: last, Last: last}
}
