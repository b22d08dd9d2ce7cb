package ledger

import (
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/wal"
)

// origin is what the log is opened with.
type origin struct {
	epoch uint64
	// names of the destinations, and their checkpoints.
	names       []string
	checkpoints []wal.Checkpoint
}

// findOrigin asks the state where the log stands. When the log, or the ring or the dead
// letters if there is no log, is not of the epoch that the state speaks of, the state's
// numbers say nothing about these records: they are delivered, some of them twice (W1).
func (c *Client) findOrigin(walDir string) (origin, error) {
	o := origin{epoch: c.state.Identity().Epoch, names: c.laneNames()}
	unknown := len(c.state.Destinations()) == 0
	var last wal.Offset
	for _, name := range o.names {
		cp := c.state.Account(name).Checkpoint()
		if unknown {
			cp.Epoch = o.epoch // The first record is theirs, too.
		}
		last = max(last, cp.Last)
		o.checkpoints = append(o.checkpoints, cp)
	}
	found, err := wal.PeekEpoch(walDir)
	if err != nil {
		return o, err
	}
	onlyRing := found == 0 && last == 0
	if onlyRing {
		// A process may have died before its first record reached the log. If the
		// file cannot be read, openRing deals with that.
		found, _ = ring.PeekEpoch(c.ringPath())
	}
	if found == 0 && last == 0 {
		onlyRing = false
		if found, err = wal.PeekEpoch(filepath.Join(c.cfg.Dir, "dead")); err != nil {
			return o, err
		}
	}
	if found == 0 || found == o.epoch {
		return o, nil
	}
	if ours, err := wal.HoldsEpoch(walDir, o.epoch); err != nil || ours {
		return o, err // A segment of another log was put beside ours.
	}
	o.epoch = found
	clear(o.checkpoints)
	if onlyRing {
		before := c.beforeRing(found)
		for i := range o.checkpoints {
			o.checkpoints[i] = before
		}
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
