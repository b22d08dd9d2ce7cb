//go:build linux

package powercut

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// many is a cap that no history reaches.
const many = 1 << 20

// rows are the ways to use the log. Caps are such that segments come and go.
func rows() []struct {
	name string
	life life
} {
	return []struct {
		name string
		life life
	}{
		{"interval", life{SyncOdds: 4, MaxRecords: many, MaxBytes: 3 << 20}},
		{"always", life{SyncOdds: 4, Durability: ledger.SyncAlways, MaxRecords: many, MaxBytes: 3 << 20}},
		{"never", life{SyncOdds: 8, Durability: ledger.SyncNever, MaxRecords: many, MaxBytes: 3 << 20}},
		{"evicting", life{SyncOdds: 4, MaxRecords: 200, MaxBytes: 1 << 20}},
		{"wal", life{UseWAL: true}},
		{"wal never", life{UseWAL: true, Durability: ledger.SyncNever}},
	}
}

// size returns how many histories each row has, and how many cuts each history.
func size() (histories, cuts int) {
	if form.Long() {
		return 8, 6
	}
	return 1, 2
}

// tally is what all histories came to.
type tally struct{ cuts, inOpen, logged, safe int }

// After any number of power cuts, in the middle of recovery too, the log opens (W7),
// what was safe is delivered (W2, W3, W5), nothing else is made up (W4), no offset
// stands for two records (W1), and the books balance (L2).
func TestPowerCut_W1_W2_W3_W4_W5_W7_L2(t *testing.T) {
	image := needMachine(t)
	start := form.Seed(t)
	histories, cuts := size()
	var sum tally
	for _, row := range rows() {
		t.Run(row.name, func(t *testing.T) {
			for i := range histories {
				row.life.Seed = start + uint64(i)
				h := &history{t: t, image: image, spec: row.life, random: rand.New(rand.NewPCG(row.life.Seed, 0))}
				h.run(cuts, &sum)
			}
		})
	}
	if t.Failed() {
		return
	}
	form.Fault(t, "power cut", "ext4 on a logging disk: %d cuts, %d of them before Open returned; %d records logged, %d of them safe, 0 of those lost",
		sum.cuts, sum.inOpen, sum.logged, sum.safe)
}

// run cuts the power so many times and looks what is left after each.
func (h *history) run(cuts int, sum *tally) {
	h.server = newSink(h.t)
	h.spec.URL = h.server.URL
	for range cuts {
		h.boot()
		var broken []string
		if h.spec.UseWAL {
			e := h.walVerdict()
			broken, h.found = e.faults(), e.keys()
		} else {
			e := h.verdict()
			broken, h.found = e.faults(), e.keys()
		}
		require.Empty(h.t, broken, "%s", h)
		sum.cuts++
		if !h.lives[len(h.lives)-1].opened {
			sum.inOpen++
		}
	}
	for _, l := range h.lives {
		sum.logged += int(l.done - l.base)
		sum.safe += int(max(l.safe, l.base) - l.base)
	}
}
