package wal

import "slices"

// fate is what became of a record that is not pending.
type fate uint8

const (
	// evicted: given up because a cap was reached.
	evicted fate = iota
	// expired: given up because it was older than it may get.
	expired
	// shed: given up because neither the disk nor memory could hold it.
	shed
	// lost: nothing holds it any more, and it was not given up.
	lost
	// dead: set aside as a dead letter.
	dead
	// delivered: a server has it. Never counted, always derived.
	delivered
	fates
)

// givenUp reports whether nobody has the record because we decided so.
func (f fate) givenUp() bool { return f <= shed }

// hole is a run of offsets after the head that are not pending.
type hole struct {
	from, to Offset // both included
	fate     fate
}

func (h hole) len() uint64 { return uint64(h.to - h.from + 1) }

// tally keeps the books of one reader: which offsets are settled, and what became of
// them. It is pure bookkeeping over offsets; nothing in it touches a record.
//
// Everything at or before head is settled and only counted. After head every
// offset up to last is either a pending record or part of a hole. So
//
//	last - start = delivered + evicted + lost + dead + pending
//
// holds by construction (L2): delivered and pending are derived, never counted.
type tally struct {
	start  Offset // the reader began behind it
	head   Offset
	last   Offset
	passed [fates]uint64 // at or before head, by fate
	holes  []hole        // after head, ordered, not touching unless they differ in fate
	// building keeps head where it is: what recovery takes for lost may turn out to be
	// settled.
	building bool
}

// addHole notes that the offsets from to to, all after last, hold no record.
func (t *tally) addHole(from, to Offset, f fate) {
	if to < from {
		return
	}
	t.last = max(t.last, to)
	if from = max(from, t.head+1); from > to {
		return
	}
	if n := len(t.holes); n > 0 && t.holes[n-1].fate == f && t.holes[n-1].to+1 == from {
		t.holes[n-1].to = to
	} else {
		t.holes = append(t.holes, hole{from, to, f})
	}
	t.absorb()
}

// absorb moves head over the holes that follow it: nothing in them is left to
// settle, and nobody would ever ack them.
func (t *tally) absorb() {
	if t.building {
		return
	}
	for len(t.holes) > 0 && t.holes[0].from <= t.head+1 {
		t.passed[t.holes[0].fate] += t.holes[0].len()
		t.head = t.holes[0].to
		t.holes = t.holes[1:]
	}
}

// punch notes that the pending records of [from, to] met a fate out of their turn. What
// is settled already, or a hole already, stays as it is. It returns how many records
// went by this.
func (t *tally) punch(from, to Offset, f fate) uint64 {
	from, to = max(from, t.head+1), min(to, t.last)
	var fresh []hole
	for _, h := range t.holes {
		if h.to < from || h.from > to {
			continue
		}
		if h.from > from {
			fresh = append(fresh, hole{from, h.from - 1, f})
		}
		from = h.to + 1
	}
	if from <= to {
		fresh = append(fresh, hole{from, to, f})
	}
	var n uint64
	for _, h := range fresh {
		n += h.len()
	}
	t.insert(fresh)
	return n
}

// mark notes that the records of [from, to] are delivered or dead, in their turn or not.
// That outweighs what was decided about them on their way: a record that was given up
// meanwhile has arrived after all.
func (t *tally) mark(from, to Offset, f fate) {
	to = min(to, t.last)
	if late := min(to, t.head); from <= late {
		t.redeem(uint64(late-from+1), f)
		from = late + 1
	}
	switch {
	case from > to:
		return
	case from == t.head+1 && (len(t.holes) == 0 || t.holes[0].from > to): // As nearly always.
		t.passed[f] += uint64(to - t.head)
		t.head = to
		t.absorb()
		return
	}
	var cut []hole
	for _, h := range t.holes {
		if h.to < from || h.from > to {
			cut = append(cut, h)
			continue
		}
		if h.from < from {
			cut = append(cut, hole{h.from, from - 1, h.fate})
		}
		if h.to > to {
			cut = append(cut, hole{to + 1, h.to, h.fate})
		}
	}
	t.holes = cut
	t.insert([]hole{{from, to, f}})
}

// redeem takes n records that the head has passed from what was given up.
func (t *tally) redeem(n uint64, f fate) {
	for g := range fates {
		if g.givenUp() {
			back := min(n, t.passed[g])
			t.passed[g] -= back
			t.passed[f] += back
			n -= back
		}
	}
}

// insert adds holes that overlap none of the others.
func (t *tally) insert(fresh []hole) {
	if len(fresh) == 0 {
		return
	}
	all := slices.Concat(t.holes, fresh)
	slices.SortFunc(all, func(a, b hole) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	out := all[:0]
	for _, h := range all {
		if n := len(out); n > 0 && out[n-1].fate == h.fate && out[n-1].to+1 == h.from {
			out[n-1].to = h.to
		} else {
			out = append(out, h)
		}
	}
	t.holes = out
	t.absorb()
}

// giveUp moves head to the offset to and counts what it passes: holes by their own
// fate, records by f. It returns the number of records passed.
func (t *tally) giveUp(to Offset, f fate) uint64 {
	to = min(to, t.last)
	if to <= t.head {
		return 0
	}
	records := uint64(to - t.head)
	for len(t.holes) > 0 && t.holes[0].from <= to {
		h := &t.holes[0]
		part := hole{h.from, min(h.to, to), h.fate}
		records -= part.len()
		t.passed[h.fate] += part.len()
		if h.to > to {
			h.from = to + 1
			break
		}
		t.holes = t.holes[1:]
	}
	t.passed[f] += records
	t.head = to
	t.absorb()
	return records
}

// isPending reports whether the record at o is neither settled nor in a hole.
func (t *tally) isPending(o Offset) bool { return o > t.head && t.between(o-1, o) == 1 }

// pendingThrough returns the number of pending records at or before the offset to.
func (t *tally) pendingThrough(to Offset) uint64 { return t.between(t.head, to) }

// between returns the number of pending records in (from, to].
func (t *tally) between(from, to Offset) uint64 {
	from, to = max(from, t.head), min(to, t.last)
	if to <= from {
		return 0
	}
	n := uint64(to - from)
	for i := range t.holes {
		h := t.holes[i]
		if h.from > to {
			break
		}
		if h.to > from {
			n -= hole{from: max(h.from, from+1), to: min(h.to, to)}.len()
		}
	}
	return n
}

// lostIn returns how many offsets of [from, to], all after head, are known to be lost.
func (t *tally) lostIn(from, to Offset) uint64 {
	var n uint64
	for _, h := range t.holes {
		if h.fate == lost && h.from <= to && h.to >= from {
			n += hole{from: max(h.from, from), to: min(h.to, to)}.len()
		}
	}
	return n
}

// nth returns the offset of the n-th pending record, n from 1, or last if there
// are fewer.
func (t *tally) nth(n uint64) Offset {
	at := t.head
	for i := range t.holes {
		h := t.holes[i]
		before := uint64(h.from - 1 - at)
		if n <= before {
			return at + Offset(n)
		}
		n -= before
		at = h.to
	}
	return min(at+Offset(n), t.last)
}

// totals returns the counts over all offsets up to last, by fate, and how many are
// pending.
func (t *tally) totals() (by [fates]uint64, pending uint64) {
	by = t.passed
	for _, h := range t.holes {
		by[h.fate] += h.len()
	}
	pending = t.pendingThrough(t.last)
	by[delivered] = uint64(t.last-t.start) - pending
	for f := range delivered {
		by[delivered] -= by[f]
	}
	return by, pending
}
