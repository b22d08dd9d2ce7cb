//go:build linux && (amd64 || arm64)

package syscalls

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// scenario is one thing that a process does to its directory.
type scenario struct {
	name   string
	config func(*ledger.Config)
	// prepare makes what the child finds; nil is no directory.
	prepare func(t *testing.T) past
	// play runs in the child, with "begin" and "end" around the calls that are swept.
	play func(*player) error
	// shows is a call without which the scenario would not be what its name says.
	shows func(call) bool
	// fault is a call that fails before the kill: the first one in the window.
	fault func(call) bool
	// offline: there is no server while the child runs.
	offline bool
	// evicts: records may be missing, the oldest, as many as Stats counts.
	evicts bool
}

func scenarioNamed(name string) (scenario, bool) {
	all := scenarios()
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return scenario{}, false
	}
	return all[i], true
}

// large is the size of records that fill a segment of 64 KiB quickly.
const large = 8 << 10

func scenarios() []scenario {
	durability := func(d ledger.Durability) func(*ledger.Config) {
		return func(c *ledger.Config) { c.Durability = d }
	}
	return []scenario{
		{name: "open a new directory", play: playOpen, shows: on("renameat", "state.db.new")},
		{name: "open an existing directory", prepare: closedBefore, play: playOpen, shows: on("mmap", "ring")},
		{name: "open after a kill", prepare: killedBefore, play: playOpen, shows: onSegment("write")},
		{name: "append and sync", play: playAppend, shows: onSegment("fsync")},
		{name: "append, SyncAlways", config: durability(ledger.SyncAlways), play: playAppend, shows: onSegment("fsync")},
		{name: "append, SyncNever", config: durability(ledger.SyncNever), play: playAppend, shows: onSegment("write")},
		{name: "roll", play: playRoll, shows: onSegment("openat")},
		{name: "ack", play: playAck, shows: on("pwrite64", "state.db")},
		{name: "evict", evicts: true, offline: true, play: playEvict, shows: onSegment("unlinkat"), config: func(c *ledger.Config) {
			c.MaxRecords, c.KeepAcked.Age = 8, -1
		}},
		{name: "reclaim", config: func(c *ledger.Config) { c.KeepAcked.Age = -1 }, play: playReclaim, shows: onSegment("unlinkat")},
		{name: "repair", prepare: damagedBefore, play: playOpen, shows: onSegment("ftruncate")},
		{name: "repair without state", prepare: stateLostBefore, play: playOpen, shows: on("renameat", "state.db")},
		{name: "heal after a failed write", play: playHeal, fault: onSegment("write"), shows: onSegment("ftruncate")},
		{name: "heal after a failed sync", play: playHeal, fault: onSegment("fsync", "fdatasync"), shows: onSegment("ftruncate")},
		{name: "heal two blocks after a failed sync", play: playHealBlocks, fault: onSegment("fsync", "fdatasync"), shows: onSegment("ftruncate")},
		{name: "heal after a failed roll", play: playRoll, fault: onSegment("openat"), shows: onSegment("openat")},
		{name: "close", play: playClose, shows: on("munmap", "ring")},
	}
}

func isSegment(path string) bool { return regexp.MustCompile(`^wal/\d{20}$`).MatchString(path) }

// onSegment matches calls of some names on a segment.
func onSegment(names ...string) func(call) bool {
	return func(c call) bool { return slices.Contains(names, c.name) && isSegment(c.path) }
}

// on matches a call on one file.
func on(name, path string) func(call) bool {
	return func(c call) bool { return c.name == name && c.path == path }
}

// inWindow runs f between "begin" and "end".
func inWindow(p *player, f func() error) error {
	p.say("begin")
	err := f()
	p.say("end")
	return err
}

// each runs steps until one fails.
func each(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func playOpen(p *player) error { return inWindow(p, p.open) }

func playAppend(p *player) error {
	return each(p.open, func() error {
		return inWindow(p, func() error {
			for range 3 {
				if err := each(func() error { return p.log(3) }, p.sync); err != nil {
					return err
				}
			}
			return p.log(2)
		})
	})
}

// playRoll fills three segments.
func playRoll(p *player) error {
	return each(p.open, func() error { return p.logSized(6, large) }, p.sync, func() error {
		return inWindow(p, func() error { return p.groups(6, 3, nil) })
	})
}

// groups logs groups of large records, syncs after each, and calls then.
func (p *player) groups(n, size int, then func() error) error {
	for range n {
		if err := each(func() error { return p.logSized(size, large) }, p.sync); err != nil {
			return err
		}
		if then != nil {
			if err := then(); err != nil {
				return err
			}
		}
	}
	return nil
}

func playAck(p *player) error {
	return each(p.open, func() error {
		return inWindow(p, func() error {
			for range 3 {
				if err := each(func() error { return p.log(3) }, p.flush); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// playEvict logs more than MaxRecords: the stored head moves, and segments go.
func playEvict(p *player) error {
	return each(p.open, func() error { return p.groups(2, 4, nil) }, func() error {
		return inWindow(p, func() error { return p.groups(5, 4, nil) })
	})
}

// playReclaim has everything acked, and no acked segment kept.
func playReclaim(p *player) error {
	return each(p.open, func() error {
		return inWindow(p, func() error { return p.groups(6, 4, p.flush) })
	})
}

// playHeal meets the fault in its first group and heals with the next sync.
func playHeal(p *player) error {
	return each(p.open, func() error { return p.log(3) }, p.sync, func() error {
		return inWindow(p, func() error {
			for range 3 {
				if err := each(func() error { return p.log(3) }, p.sync); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// playHealBlocks has two blocks in the segment that fails.
func playHealBlocks(p *player) error {
	return each(p.open, func() error { return p.log(3) }, p.sync, func() error {
		return inWindow(p, func() error {
			p.quiet = true
			return each(func() error { return p.log(1500) }, p.promise, p.sync, func() error { return p.log(1500) }, p.promise, p.sync)
		})
	})
}

func playClose(p *player) error {
	return each(p.open, func() error { return p.log(3) }, p.flush, func() error { return p.log(4) }, func() error {
		return inWindow(p, p.close)
	}, p.reopen)
}

// reopen goes on after a close, as the next process would.
func (p *player) reopen() error {
	err := p.open()
	if errors.Is(err, ledger.ErrLocked) {
		return fmt.Errorf("close left the lock: %v", err) //nolint:errorlint // Not to be taken for errOpen, which it matches.
	}
	return err
}

// promised turns what a child said into the messages that it was promised: by Log, and
// by Sync.
func promised(tag string, said []string) (logged, synced []string) {
	through := func(n string) []string {
		var all []string
		for i := range number(n) {
			all = append(all, message(tag, i+1))
		}
		return all
	}
	for _, line := range said {
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "logged":
			logged = append(logged, message(tag, number(rest)))
		case "all":
			logged = through(rest)
		case "synced":
			synced = through(rest)
		}
	}
	return logged, synced
}
