//go:build linux

package powercut

import (
	"fmt"
	"iter"
	"slices"
)

// key names a record.
type key struct {
	life   int
	offset uint64
}

// claims are what a life said while it lived. Nobody is told anything after a cut, so
// whatever it said holds.
type claims struct {
	// base is the last offset that it found, "open". It says so again whenever it
	// closes and opens.
	base   uint64
	opened bool
	// logged is the highest offset of which a Log call was about to begin, "log", and
	// done the highest of which it returned, "done".
	logged, done uint64
	// safe is the highest of which Sync, Close or SyncAlways said that it is safe
	// from a power cut, "safe".
	safe uint64
	// sent is the highest that was read in order to be sent, "sent". The program that
	// has a server does not say it: the server knows.
	sent uint64
	// settled is the highest that was stored as settled, "settled".
	settled uint64
	// synced is that it said "safe" at all.
	synced bool
	// killed is that the process died and the power stayed on.
	killed bool
	// found are the records that were there when it opened.
	found []key
	// err is why it ended before the power was cut.
	err string
}

// hear takes one line that the life said.
func (c *claims) hear(line string) {
	var what string
	var n uint64
	if _, err := fmt.Sscan(line, &what, &n); err != nil {
		c.err = line
		return
	}
	switch what {
	case "open":
		switch {
		case !c.opened:
			c.base, c.logged, c.done, c.opened = n, n, n, true
		case n != c.logged:
			c.err = fmt.Sprintf("closed at offset %d and opened at %d", c.logged, n)
		}
	case "log":
		c.logged = n
	case "done":
		c.done = n
	case "safe":
		c.safe, c.synced = n, true
	case "sent":
		c.sent = n
	case "settled":
		c.settled = n
	default:
		c.err = line
	}
}

// promised yields the records that the lives were told are safe: their own, and what
// they found and then synced.
func promised(lives []claims) iter.Seq[key] {
	return func(yield func(key) bool) {
		for i, l := range lives {
			for o := l.base + 1; o <= l.safe; o++ {
				if !yield(key{i, o}) {
					return
				}
			}
			for _, k := range l.found {
				if l.synced && !yield(k) {
					return
				}
			}
		}
	}
}

// misnumbered says which lives began at an offset that an earlier one had sent or
// synced (W1), or lost something although they were only killed (W3). last is the last
// offset in the end.
func misnumbered(lives []claims, last uint64, never bool) (broken []string) {
	var taken uint64
	for i, l := range append(slices.Clip(lives), claims{opened: true, base: last}) {
		if l.opened && l.base < taken {
			broken = append(broken, fmt.Sprintf("W1: life %d went on from offset %d, and %d was taken", i, l.base, taken))
		}
		if l.opened && i > 0 && lives[i-1].killed && l.base < lives[i-1].done {
			broken = append(broken, fmt.Sprintf("W3: life %d went on from offset %d, and %d was logged before the kill", i, l.base, lives[i-1].done))
		}
		taken = max(taken, l.safe)
		if !never {
			taken = max(taken, l.sent)
		}
	}
	return broken
}
