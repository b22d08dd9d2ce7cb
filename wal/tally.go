package wal

import "sort"

// hole is a run of offsets without a record in the log: evicted before they were
// written, or lost.
type hole struct {
	from, to Offset // both included
	lost     bool
}

func (h hole) len() uint64 { return uint64(h.to - h.from + 1) }

// tally keeps the books of the log: which offsets are settled, and what became of
// them. It is pure bookkeeping over offsets; nothing in it touches a record.
//
// Everything at or before head is settled and only counted. After head every
// offset up to last is either a pending record or part of a hole. So
//
//	last = delivered + evicted + lost + dead + pending
//
// holds by construction (L2): delivered and pending are derived, never counted.
type tally struct {
	head    Offset
	last    Offset
	evicted uint64 // at or before head
	lost    uint64 // at or before head
	dead    uint64 // at or before head
	holes   []hole // after head, ordered, not touching unless they differ in kind
}

// addHole notes that the offsets from to to, all after last, hold no record.
func (t *tally) addHole(from, to Offset, lost bool) {
	if to < from {
		return
	}
	t.last = max(t.last, to)
	if n := len(t.holes); n > 0 && t.holes[n-1].lost == lost && t.holes[n-1].to+1 == from {
		t.holes[n-1].to = to
	} else {
		t.holes = append(t.holes, hole{from, to, lost})
	}
	t.absorb()
}

// absorb moves head over the holes that follow it: nothing in them is left to
// settle, and nobody would ever ack them.
func (t *tally) absorb() {
	for len(t.holes) > 0 && t.holes[0].from <= t.head+1 {
		t.pass(t.holes[0])
		t.head = t.holes[0].to
		t.holes = t.holes[1:]
	}
}

// pass counts a hole, or the part of one, that head moves over.
func (t *tally) pass(h hole) {
	if h.lost {
		t.lost += h.len()
	} else {
		t.evicted += h.len()
	}
}

// punch notes that nothing holds the pending records of [from, to] any more: they
// are lost, or evicted out of their turn. What is settled already, or a hole already,
// stays as it is. It returns how many records went by this.
func (t *tally) punch(from, to Offset, lost bool) uint64 {
	from, to = max(from, t.head+1), min(to, t.last)
	var fresh []hole
	for _, h := range t.holes {
		if h.to < from || h.from > to {
			continue
		}
		if h.from > from {
			fresh = append(fresh, hole{from, h.from - 1, lost})
		}
		from = h.to + 1
	}
	if from <= to {
		fresh = append(fresh, hole{from, to, lost})
	}
	var n uint64
	for _, h := range fresh {
		n += h.len()
	}
	t.holes = append(t.holes, fresh...)
	sort.Slice(t.holes, func(i, j int) bool { return t.holes[i].from < t.holes[j].from })
	t.absorb()
	return n
}

// settle moves head to the offset to and counts what it passes: holes by their
// kind, records as evicted if evict is set and as delivered otherwise. It returns
// the number of records passed.
func (t *tally) settle(to Offset, evict bool) uint64 {
	to = min(to, t.last)
	if to <= t.head {
		return 0
	}
	records := uint64(to - t.head)
	for len(t.holes) > 0 && t.holes[0].from <= to {
		h := &t.holes[0]
		passed := hole{h.from, min(h.to, to), h.lost}
		records -= passed.len()
		t.pass(passed)
		if h.to > to {
			h.from = to + 1
			break
		}
		t.holes = t.holes[1:]
	}
	if evict {
		t.evicted += records
	}
	t.head = to
	t.absorb()
	return records
}

// pendingThrough returns the number of pending records at or before the offset to.
func (t *tally) pendingThrough(to Offset) uint64 {
	return t.between(t.head, min(to, t.last))
}

// between returns the number of records in (from, to], both at or after head.
func (t *tally) between(from, to Offset) uint64 {
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
			n -= hole{max(h.from, from+1), min(h.to, to), h.lost}.len()
		}
	}
	return n
}

// lostIn returns how many offsets of [from, to], all after head, are known to be lost.
func (t *tally) lostIn(from, to Offset) uint64 {
	var n uint64
	for _, h := range t.holes {
		if h.lost && h.from <= to && h.to >= from {
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

// totals returns the counts over all offsets up to last.
func (t *tally) totals() (delivered, pending, evicted, lost uint64) {
	delivered = uint64(t.head) - t.evicted - t.lost - t.dead
	evicted, lost = t.evicted, t.lost
	for i := range t.holes {
		if t.holes[i].lost {
			lost += t.holes[i].len()
		} else {
			evicted += t.holes[i].len()
		}
	}
	return delivered, t.pendingThrough(t.last), evicted, lost
}
