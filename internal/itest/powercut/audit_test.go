//go:build linux

package powercut

import (
	"fmt"
	"reflect"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// evidence is what is known about a log after some lives and cuts.
type evidence struct {
	seed  uint64
	lives []claims
	// server has what was delivered while they lived, later what was delivered from
	// the disk as the last cut left it.
	server, later []arrival
	// stats are those after all of that.
	stats ledger.Stats
	// never says that records may be sent before they are safe, evicts that the oldest
	// may be given up.
	never, evicts bool
}

// faults returns every promise that was broken, in words.
func (e evidence) faults() []string {
	a := audit{evidence: e, found: map[key]arrival{}, ids: map[string]key{}, owner: map[uint64]int{}}
	for _, r := range e.server {
		a.take(r)
	}
	for _, r := range e.later {
		k := a.take(r)
		if a.oldest == 0 || k.offset < a.oldest {
			a.oldest = k.offset
		}
	}
	a.broken = append(a.broken, misnumbered(e.lives, e.stats.Accepted, e.never)...)
	a.promises()
	a.books()
	return a.broken
}

type audit struct {
	evidence
	found  map[key]arrival
	ids    map[string]key
	owner  map[uint64]int // life whose record was sent with an offset
	oldest uint64         // offset among those that came later
	broken []string
}

func (a *audit) breaks(format string, args ...any) {
	if len(a.broken) < 20 { // One fault has often many faces.
		a.broken = append(a.broken, fmt.Sprintf(format, args...))
	}
}

// take enters a record that arrived, and returns which it is.
func (a *audit) take(r arrival) key {
	var k key
	_, err := fmt.Sscanf(r.text, "%d/%d/", &k.life, &k.offset)
	switch {
	case err != nil || k.life < 0 || k.life >= len(a.lives) || r.text != text(a.seed, k.life, k.offset):
		a.breaks("W4: delivered what nobody logged: %.60q", r.text)
		return k
	case k.offset <= a.lives[k.life].base || k.offset > a.lives[k.life].logged:
		a.breaks("W4: delivered %v before it was logged", k)
	}
	if first, again := a.found[k]; again && !reflect.DeepEqual(first, r) {
		a.breaks("S2: %v was delivered as two records, %.60q and %.60q", k, first.id, r.id)
	}
	if other, taken := a.ids[r.id]; taken && other != k {
		a.breaks("S2: %v and %v have the same ID", k, other)
	}
	if life, taken := a.owner[k.offset]; taken && life != k.life && !a.never {
		a.breaks("W1: offset %d was sent for a record of life %d and for one of life %d", k.offset, life, k.life)
	}
	a.found[k], a.ids[r.id], a.owner[k.offset] = r, k, k.life
	return k
}

// promises checks that everything that was safe arrived (W2, W3).
func (a *audit) promises() {
	missing := map[uint64]bool{}
	for k := range promised(a.lives) {
		if _, ok := a.found[k]; ok {
			continue
		}
		missing[k.offset] = true
		if !a.evicts || (a.oldest > 0 && k.offset > a.oldest) {
			a.breaks("W3: %v was safe and is lost", k)
		}
	}
	if n := uint64(len(missing)); n > a.stats.Evicted {
		a.breaks("L2: %d records that were safe are gone, and %d were evicted", n, a.stats.Evicted)
	}
}

// books checks that the statistics account for every offset (L2), exactly where
// nothing can have been sent, acked too late and given up meanwhile. Where records may
// be sent before they are safe, an offset that arrived may be gone from the books.
func (a *audit) books() {
	s := a.stats
	if s.Pending != 0 || s.Dead != 0 || s.Accepted != s.Delivered+s.Evicted+s.Lost {
		a.breaks("L2: the books do not balance: %+v", s)
	}
	if a.never {
		return
	}
	arrived := uint64(len(a.owner))
	exact := !a.evicts || len(a.server) == 0
	if arrived+s.Evicted+s.Lost < s.Accepted || (exact && arrived+s.Evicted+s.Lost > s.Accepted) {
		a.breaks("L2: of %d offsets %d arrived, %d were evicted and %d lost", s.Accepted, arrived, s.Evicted, s.Lost)
	}
}

// keys returns the records that came later: what a process would find.
func (e evidence) keys() (found []key) {
	for _, r := range e.later {
		var k key
		if _, err := fmt.Sscanf(r.text, "%d/%d/", &k.life, &k.offset); err == nil {
			found = append(found, k)
		}
	}
	return found
}
