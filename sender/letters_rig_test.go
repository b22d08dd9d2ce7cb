package sender

import (
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// picky is a server that refuses every request with a record in it that it does not like,
// and keeps the records of the others.
type picky struct {
	mu       sync.Mutex
	dislikes map[wal.Offset]bool
	refusal  reply
	all      bool // it refuses everything
	kept     map[wal.Offset]int
	requests int
	sizes    []int // records of each request
}

func newPicky(guilty ...wal.Offset) *picky {
	p := &picky{dislikes: map[wal.Offset]bool{}, refusal: status(400), kept: map[wal.Offset]int{}}
	for _, o := range guilty {
		p.dislikes[o] = true
	}
	return p
}

func (p *picky) answer(c call) reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	p.sizes = append(p.sizes, len(c.offsets))
	if p.all || slices.ContainsFunc(c.offsets, func(o wal.Offset) bool { return p.dislikes[o] }) {
		return p.refusal
	}
	for _, o := range c.offsets {
		p.kept[o]++
	}
	return ok
}

// set changes what it refuses.
func (p *picky) set(all bool, guilty ...wal.Offset) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = all
	clear(p.dislikes)
	for _, o := range guilty {
		p.dislikes[o] = true
	}
}

// asked returns how many requests came since it was called last.
func (p *picky) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.requests, p.sizes = 0, nil }()
	return p.requests
}

func (p *picky) delivered() []wal.Offset {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.kept))
}

// times returns how often the record that came most often did.
func (p *picky) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := 0
	for _, n := range p.kept {
		most = max(most, n)
	}
	return most
}

// morgue is a log of dead letters in a directory of its own.
func morgue(t *testing.T, limits DeadLimits) *DeadLog {
	t.Helper()
	dir := t.TempDir()
	st, err := OpenState(dir)
	require.NoError(t, err)
	d, err := OpenDead(filepath.Join(dir, "dead"), st, limits, filepath.Join(dir, "quarantine"))
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, d.Close())
		assert.NoError(t, st.Close())
	})
	return d
}

// dead returns the offsets of the records of a destination that have a letter, each as
// often as it has one.
func dead(t *testing.T, d *DeadLog, destination string) []wal.Offset {
	t.Helper()
	all, err := d.Letters(0, func(l DeadLetter) bool { return l.Destination == destination })
	require.NoError(t, err)
	var out []wal.Offset
	for _, l := range all {
		out = append(out, wal.Offset(l.Offset))
	}
	slices.Sort(out)
	return out
}

// offsets returns the offsets from one to another without some.
func offsets(from, to wal.Offset, but ...wal.Offset) []wal.Offset {
	var out []wal.Offset
	for o := from; o <= to; o++ {
		if !slices.Contains(but, o) {
			out = append(out, o)
		}
	}
	return out
}

// alike compares two series of offsets and tells how they differ in a line.
func alike(t *testing.T, want, got []wal.Offset, what ...string) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	t.Errorf("%v: %d offsets, not %d; they differ from index %d on: %v, not %v", what, len(got), len(want), i,
		got[i:min(i+5, len(got))], want[i:min(i+5, len(want))])
}
