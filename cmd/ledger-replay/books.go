package main

import (
	"cmp"
	"slices"

	"github.com/ledger-sdk/ledger-go/wal"
)

// books is what became of every offset of a log for one reader of it, worked out from
// a checkpoint and the records on disk in the way in which the log's owner does it at
// its next start:
//
//	accepted = delivered + pending + dead + evicted + lost (L2)
//
// It is pure: the walk tells it of records, in the order of their offsets.
type books struct {
	cp    wal.Checkpoint
	known bool // cp speaks of this log

	first, last wal.Offset // of the records on disk
	onDisk      uint64
	pending     uint64
	holes       []hole // after cp.Head
}

// hole is a run of offsets without a record: evicted where the record behind it
// says so, lost otherwise.
type hole struct {
	from, to wal.Offset
	lost     bool
}

// bury enters that the records at these offsets are dead, whatever the checkpoint says
// of them: their letters are durable, and the process died before it could say so. It
// reports whether the checkpoint did not know of one.
func (b *books) bury(offsets []wal.Offset) bool {
	all := slices.Clone(b.cp.Settled) // That of a checkpoint is never changed.
	for _, o := range offsets {
		if !b.settled(o) {
			all = append(all, wal.Range{From: o, To: o, Dead: true})
		}
	}
	if len(all) == len(b.cp.Settled) {
		return false
	}
	slices.SortFunc(all, func(x, y wal.Range) int { return cmp.Compare(x.From, y.From) })
	runs := all[:0]
	for _, r := range all {
		if n := len(runs); n > 0 && runs[n-1].Dead == r.Dead && r.From <= runs[n-1].To+1 {
			runs[n-1].To = max(runs[n-1].To, r.To)
		} else {
			runs = append(runs, r)
		}
	}
	b.cp.Settled = runs
	return true
}

// settled reports whether the checkpoint has nothing left to do for an offset.
func (b *books) settled(o wal.Offset) bool { return settles(&b.cp, o) }

// settles reports whether an offset is settled, in its turn or out of it.
func settles(cp *wal.Checkpoint, o wal.Offset) bool {
	if o <= cp.Head {
		return true
	}
	_, ok := slices.BinarySearchFunc(cp.Settled, o, func(r wal.Range, o wal.Offset) int {
		switch {
		case r.To < o:
			return -1
		case r.From > o:
			return 1
		}
		return 0
	})
	return ok
}

// record enters the record at o into the books and reports whether it is pending.
// skipped tells how many offsets directly before it were evicted on their way to the
// log; it is asked only if there is a hole.
func (b *books) record(o wal.Offset, skipped func() (uint64, error)) (bool, error) {
	if b.onDisk == 0 {
		b.first = o
		if !b.known {
			// A segment goes only when all of it is settled, so the offsets before the
			// first record that is left are (W5).
			b.cp.Head = o - 1
			b.cp.Settled = slices.DeleteFunc(slices.Clone(b.cp.Settled), func(r wal.Range) bool { return r.From < o })
		}
	}
	b.onDisk++
	before := max(b.last, b.cp.Head)
	b.last = o
	if o <= b.cp.Head {
		return false, nil
	}
	pending := !b.settled(o)
	if pending {
		b.pending++
	}
	if gap := o - 1 - before; gap > 0 {
		n, err := skipped()
		if err != nil {
			return pending, err
		}
		evicted := min(wal.Offset(n), gap)
		b.add(hole{before + 1, o - 1 - evicted, true})
		b.add(hole{o - evicted, o - 1, false})
	}
	return pending, nil
}

func (b *books) add(h hole) {
	if h.from <= h.to {
		b.holes = append(b.holes, h)
	}
}

// head returns the offset up to which everything is settled: that of the checkpoint,
// and what was settled out of turn and the holes that follow it. The books are closed.
func (b *books) head() wal.Offset {
	runs := make([]wal.Range, 0, len(b.holes)+len(b.cp.Settled))
	for _, h := range b.holes {
		runs = append(runs, wal.Range{From: h.from, To: h.to})
	}
	runs = append(runs, b.cp.Settled...)
	slices.SortFunc(runs, func(x, y wal.Range) int { return cmp.Compare(x.From, y.From) })
	head := b.cp.Head
	for _, r := range runs {
		if r.From > head+1 {
			break
		}
		head = max(head, r.To)
	}
	return head
}

// ahead returns how many records were settled out of their turn, and in how many runs.
func (b *books) ahead() (records uint64, runs int) {
	head := b.head()
	for _, r := range b.cp.Settled {
		if r.From > head {
			records += uint64(r.To - r.From + 1)
			runs++
		}
	}
	return records, runs
}

// balance is the end of the books.
type balance struct {
	Accepted  uint64 `json:"accepted"`
	Delivered uint64 `json:"delivered"`
	Pending   uint64 `json:"pending"`
	Dead      uint64 `json:"dead"`
	Evicted   uint64 `json:"evicted"`
	Lost      uint64 `json:"lost"`
	// Expired and Shed are the parts of Evicted that were too old, and that neither the
	// disk nor memory could hold.
	Expired uint64 `json:"expired"`
	Shed    uint64 `json:"shed"`
}

// through returns the last offset that the checkpoint or the log knows of.
func (b *books) through() wal.Offset { return max(b.last, b.cp.Head, b.cp.Last) }

// close balances the books after the walk, for a log that ends at last. settled is how
// far the log is settled by now: a live process may have removed such records while
// they were being looked for. missing is the part of Lost that this walk found out.
func (b *books) close(last, settled wal.Offset) (out balance, missing uint64) {
	b.clip(last)
	b.add(hole{max(b.last, b.cp.Head) + 1, last, true})
	out = balance{
		Accepted: uint64(last - b.cp.Start), Pending: b.pending, Dead: b.cp.Dead,
		Evicted: b.cp.Evicted, Expired: b.cp.Expired, Shed: b.cp.Shed,
	}
	for _, r := range b.cp.Settled {
		if r.Dead {
			out.Dead += length(r.From, r.To)
		}
	}
	for _, h := range b.holes {
		if h.lost {
			missing += b.unsettled(max(h.from, settled+1), h.to)
		} else {
			out.Evicted += b.unsettled(h.from, h.to)
		}
	}
	out.Lost = b.cp.Lost + missing
	out.Delivered = out.Accepted - out.Pending - out.Dead - out.Evicted - out.Lost
	return out, missing
}

// clip forgets what was settled behind the end of the log: a letter may be durable whose
// record is not.
func (b *books) clip(last wal.Offset) {
	var kept []wal.Range
	for _, r := range b.cp.Settled {
		if r.From <= last {
			r.To = min(r.To, last)
			kept = append(kept, r)
		}
	}
	b.cp.Settled = kept
}

// unsettled returns how many offsets of a run were not settled out of turn: what has
// arrived is neither evicted nor lost, wherever its bytes are.
func (b *books) unsettled(from, to wal.Offset) uint64 {
	n := length(from, to)
	for _, r := range b.cp.Settled {
		n -= length(max(from, r.From), min(to, r.To))
	}
	return n
}

// length returns the number of offsets of a run, both ends included.
func length(from, to wal.Offset) uint64 {
	if to < from {
		return 0
	}
	return uint64(to - from + 1)
}

// redrive takes in how many of the dead were delivered after all.
func (b *balance) redrive(n uint64) {
	n = min(n, b.Dead)
	b.Dead, b.Delivered = b.Dead-n, b.Delivered+n
}
