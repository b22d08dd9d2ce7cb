//go:build linux

package powercut

import (
	"fmt"

	"github.com/ledger-sdk/ledger-go/wal"
)

// walEvidence is what is known about a log that was used without a client.
type walEvidence struct {
	seed  uint64
	lives []claims
	never bool
	// checkpoint is the one that outlived the cut.
	checkpoint wal.Checkpoint
	// read is everything that could be read, by offset.
	read    []string
	offsets []wal.Offset
	stats   wal.Stats
}

// faults returns every promise that was broken, in words.
func (e walEvidence) faults() []string {
	var broken []string
	breaks := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	found := map[key]bool{}
	var settled, sent uint64
	last := e.checkpoint.Head
	for i, got := range e.read {
		k := e.who(got, uint64(e.offsets[i]))
		if k.life < 0 {
			breaks("W4: offset %d reads as what nobody logged: %.60q", e.offsets[i], got)
		}
		if e.offsets[i] <= last {
			breaks("offset %d is read after offset %d", e.offsets[i], last)
		}
		found[k], last = true, e.offsets[i]
	}
	broken = append(broken, misnumbered(e.lives, uint64(e.stats.Last), e.never)...)
	for _, l := range e.lives {
		settled, sent = max(settled, l.settled), max(sent, l.sent)
	}
	s, head := e.stats, uint64(e.checkpoint.Head)
	for k := range promised(e.lives) {
		// What is settled must have been sent (W2); the head passes what is lost.
		if !found[k] && k.offset > min(head, sent) {
			breaks("W3: %v was safe and is lost", k)
		}
	}
	if head < settled {
		breaks("W2: %d is stored as settled, and %d was before", head, settled)
	}
	if s.Pending != uint64(len(e.read)) || uint64(s.Last) != s.Delivered+s.Pending+s.Evicted+s.Lost+s.Dead ||
		s.Lost-e.checkpoint.Lost != uint64(s.Last)-head-s.Pending || s.Evicted+s.Dead > 0 {
		breaks("L2: the books do not balance: %+v, %d read", s, len(e.read))
	}
	return broken[:min(len(broken), 20)]
}

// who returns which life logged the record at an offset; -1 if none did.
func (e walEvidence) who(got string, offset uint64) key {
	for i, l := range e.lives {
		if l.opened && offset > l.base && offset <= l.logged && got == text(e.seed, i, offset) {
			return key{i, offset}
		}
	}
	return key{-1, offset}
}

// keys returns the records that could be read.
func (e walEvidence) keys() (found []key) {
	for i, got := range e.read {
		found = append(found, e.who(got, uint64(e.offsets[i])))
	}
	return found
}
