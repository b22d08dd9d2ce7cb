package main

import "github.com/ledger-sdk/ledger-go/wal"

// books is what became of every offset of a log, worked out from a checkpoint and
// the records on disk in the way in which the log's owner does it at its next start:
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

// record enters the record at o into the books. skipped tells how many offsets
// directly before it were evicted on their way to the log; it is asked only if
// there is a hole.
func (b *books) record(o wal.Offset, skipped func() (uint64, error)) error {
	if b.onDisk == 0 {
		b.first = o
		if !b.known {
			// A segment goes only when all of it is settled, so the offsets before the
			// first record that is left are (W5).
			b.cp = wal.Checkpoint{Head: o - 1}
		}
	}
	b.onDisk++
	before := max(b.last, b.cp.Head)
	b.last = o
	if o <= b.cp.Head {
		return nil
	}
	b.pending++
	if gap := o - 1 - before; gap > 0 {
		n, err := skipped()
		if err != nil {
			return err
		}
		evicted := min(wal.Offset(n), gap)
		b.add(hole{before + 1, o - 1 - evicted, true})
		b.add(hole{o - evicted, o - 1, false})
	}
	return nil
}

func (b *books) add(h hole) {
	if h.from <= h.to {
		b.holes = append(b.holes, h)
	}
}

// head returns the offset up to which everything is settled: that of the checkpoint,
// and the holes that follow it.
func (b *books) head() wal.Offset {
	head := b.cp.Head
	for _, h := range b.holes {
		if h.from > head+1 {
			break
		}
		head = max(head, h.to)
	}
	return head
}

// balance is the end of the books.
type balance struct {
	Accepted  uint64 `json:"accepted"`
	Delivered uint64 `json:"delivered"`
	Pending   uint64 `json:"pending"`
	Dead      uint64 `json:"dead"`
	Evicted   uint64 `json:"evicted"`
	Lost      uint64 `json:"lost"`
}

// close balances the books after the walk. settled is how far the log is settled
// by now: a live process may have removed such records while they were being
// looked for. missing is the part of Lost that this walk found out.
func (b *books) close(settled wal.Offset) (out balance, missing uint64) {
	last := max(b.last, b.cp.Head, b.cp.Last)
	b.add(hole{max(b.last, b.cp.Head) + 1, last, true})
	out = balance{Accepted: uint64(last), Pending: b.pending, Dead: b.cp.Dead, Evicted: b.cp.Evicted}
	for _, h := range b.holes {
		if !h.lost {
			out.Evicted += uint64(h.to - h.from + 1)
			continue
		}
		if h.to > settled {
			missing += uint64(h.to - max(h.from-1, settled))
		}
	}
	out.Lost = b.cp.Lost + missing
	out.Delivered = out.Accepted - out.Pending - out.Dead - out.Evicted - out.Lost
	return out, missing
}
