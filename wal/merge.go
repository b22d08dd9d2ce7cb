package wal

import "slices"

// merge decides which segment counts where several hold the same offsets, and
// returns the highest offset that any holds.
//
// The later one does: it was written because the earlier had failed (W6). But what
// ends before the earlier ones do may be no more than a copy: of a rewriting that a
// crash cut short, or in blocks of the disk that held a removed segment before and
// were never written since. If such a copy counted, what the earlier segments hold
// behind it would not (W3).
func merge(found []scanned, settled Offset) (highest Offset) {
	var last Offset // of the segments so far
	for i := range found {
		sc := &found[i]
		if sc.seg == nil {
			continue
		}
		highest = max(highest, sc.seg.last)
		earlier := found[:i]
		for len(sc.spans) > 0 && sc.spans[0].to < last && isCopy(earlier, sc.spans[0], settled) {
			sc.dropFirst()
		}
		if len(sc.spans) == 0 {
			continue
		}
		if from := sc.spans[0].from; from <= last {
			for j := range earlier {
				earlier[j].clip(from - 1)
			}
		}
		last = sc.seg.last
	}
	return highest
}

// isCopy reports whether a span that ends before earlier segments do is a copy: it
// is settled, or all in them, or it would replace more than the segment before it,
// which is the only one that can have failed.
func isCopy(earlier []scanned, s span, settled Offset) bool {
	if s.to <= settled || holdAll(earlier, s) {
		return true
	}
	before := false // a segment that is not the last of them
	for _, sc := range slices.Backward(earlier) {
		if len(sc.spans) == 0 {
			continue
		}
		if before && sc.seg.last > s.to {
			return true
		}
		before = true
	}
	return false
}

// holdAll reports whether every offset of s is in one of the segments.
func holdAll(found []scanned, s span) bool {
	next := s.from
	for i := range found {
		for _, t := range found[i].spans {
			if t.from <= next && next <= t.to {
				next = t.to + 1
			}
		}
	}
	return next > s.to
}

// dropFirst takes the first span out of a segment.
func (sc *scanned) dropFirst() {
	sc.seg.records -= uint64(sc.spans[0].to - sc.spans[0].from + 1)
	sc.spans = sc.spans[1:]
	sc.bound()
}

// clip takes the offsets after limit out of a segment.
func (sc *scanned) clip(limit Offset) {
	if sc.seg == nil {
		return
	}
	for n := len(sc.spans); n > 0 && sc.spans[n-1].to > limit; n = len(sc.spans) {
		last := &sc.spans[n-1]
		cut := last.to - max(limit, last.from-1)
		sc.seg.records -= uint64(cut)
		if last.from > limit {
			sc.spans = sc.spans[:n-1]
			continue
		}
		last.to = limit
	}
	sc.bound()
}

// bound makes the segment begin and end where its spans do.
func (sc *scanned) bound() {
	if n := len(sc.spans); n > 0 {
		sc.seg.first, sc.seg.last = sc.spans[0].from, sc.spans[n-1].to
	} else {
		sc.seg.first, sc.seg.last, sc.seg.records = 0, 0, 0
	}
}
