//go:build linux

package powercut

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// history is one disk, the lives on it and the cuts that ended them.
type history struct {
	t      *testing.T
	spec   life // of every life, but for its number
	random *rand.Rand
	server *sink
	image  Image // as the last cut left it
	lives  []claims
	found  []key    // what the next life will find
	trail  []string // what was done, for the failure text
}

// options are those of ext4. With data=writeback a file may hold, after a cut, what
// was in its blocks when they were another file's.
func (h *history) options() string {
	return []string{"", "", "data=writeback", "nodelalloc", "commit=1"}[h.random.IntN(5)]
}

// after returns at which write to cut. A third of the cuts fall into Open, and so into
// the recovery from the cut before.
func (h *history) after() int {
	if h.random.IntN(3) == 0 {
		return 1 + h.random.IntN(30)
	}
	return 1 + h.random.IntN(300)
}

// longest is how long a process lives that does not write enough to be cut.
const longest = 800 * time.Millisecond

// boot lets processes live on the disk, cuts the power while the last of them does,
// and keeps what is left.
func (h *history) boot() {
	t := h.t
	t.Helper()
	options, model := h.options(), Model(h.random.IntN(int(models)))
	m, err := Boot(t.TempDir(), h.image, options)
	require.NoError(t, err, "%s", h)
	halted := false
	t.Cleanup(func() {
		if !halted {
			_ = m.Halt() // The test failed before.
		}
	})
	h.note("mounted with %q", options)
	if h.random.IntN(2) == 0 {
		h.live(m, time.Duration(h.random.IntN(200))*time.Millisecond, false)
	}
	after := h.after()
	m.Disk.CutAfter(after)
	h.live(m, longest, true)
	h.image = m.Disk.Image(model, h.random)
	h.note("cut at write %d, %s of the last are left, %+v", after, model, m.Disk.Counts())
	halted = true
	require.NoError(t, m.Halt(), "%s", h)
}

// live is the life of one process, which ends with the power if cut is set, and
// otherwise by a kill.
func (h *history) live(m *Machine, longest time.Duration, cut bool) {
	h.t.Helper()
	spec := h.spec
	spec.Number, spec.Dir = len(h.lives), filepath.Join(m.Dir, "ledger")
	h.server.downOdds.Store(1)
	if !h.evicts() {
		h.server.downOdds.Store(h.random.Int64N(4)) // Up, down, or now and then.
	}
	c := h.spawn(m.Disk, spec, longest, cut)
	c.killed, c.found = !cut, h.found
	if c.opened && c.killed {
		for o := c.base + 1; o <= c.done; o++ {
			h.found = append(slices.Clip(h.found), key{spec.Number, o})
		}
	}
	h.lives = append(h.lives, c)
	h.note("life %d: opened at %d, logged %d, done %d, safe %d, sent %d, settled %d, synced %t, killed %t, found %d",
		spec.Number, c.base, c.logged, c.done, c.safe, c.sent, c.settled, c.synced, c.killed, len(c.found))
	require.Empty(h.t, c.err, "%s", h)
}

// evicts reports whether the caps are such that records are given up.
func (h *history) evicts() bool { return h.spec.MaxRecords < many && !h.spec.UseWAL }

func (h *history) note(format string, args ...any) {
	h.trail = append(h.trail, fmt.Sprintf(format, args...))
}

// String says how to get here again, as far as that can be said: when a kernel writes
// is not in the seed.
func (h *history) String() string {
	s := fmt.Sprintf("LEDGER_SEED=%d", h.spec.Seed)
	for _, step := range h.trail {
		s += "\n" + step
	}
	return s
}
