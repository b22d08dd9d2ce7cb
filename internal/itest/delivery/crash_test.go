package delivery

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// moment is a directory as a kill would have left it, and what the server had then.
type moment struct {
	stage string
	tree  tree
	took  map[string]int
}

const (
	atRest  = "at rest"
	records = 60
	capped  = 45
)

// For every way in which a server can behave and every stage of every request: a kill
// there loses nothing, and what it left behind is delivered in the end, or dead.
func TestKillAtAnyStageOfAnyAnswer_S1_S2_L2(t *testing.T) {
	scripts := plays()
	var mu sync.Mutex
	moments := 0
	t.Run("plays", func(t *testing.T) {
		for i, name := range slices.Sorted(maps.Keys(scripts)) {
			for _, inFlight := range []int{1, 4} {
				for _, limit := range []int{records, capped} {
					if !form.Long() && ((inFlight == 1) != (limit == records) || (inFlight == 1) != (i%2 == 0)) {
						continue // The short form plays each script once: alone, or in company with a cap.
					}
					t.Run(fmt.Sprintf("%s, %d in flight, cap %d", name, inFlight, limit), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							n := killEverywhere(t, scripts[name], inFlight, limit)
							mu.Lock()
							defer mu.Unlock()
							moments += n
						})
					})
				}
			}
		}
	})
	t.Attr("delivery", fmt.Sprintf("kill at any stage of a request | %d ways to answer, %d kills: each record delivered, dead or evicted, and counted as that", len(scripts), moments))
}

// killEverywhere plays one script and then goes on from every moment of it.
func killEverywhere(t *testing.T, p play, inFlight, limit int) int {
	t.Helper()
	time.Sleep(23*time.Hour + 40*time.Minute) // A bubble begins at midnight; quotas are waited for to the next.
	midnight := time.Now().Add(20 * time.Minute)
	dir := form.Scratch(t)
	ready := make(chan struct{})
	s := newServer(p.judge)
	var taken []moment
	var stages sync.Mutex
	seen := 0
	s.at = func(stage string) {
		<-ready
		stages.Lock()
		defer stages.Unlock()
		if seen++; !form.Long() && (seen+inFlight)%4 > 0 && stage != atRest {
			return
		}
		tr, err := copyTree(dir)
		assert.NoError(t, err)
		taken = append(taken, moment{stage, tr, s.has()})
	}
	cfg := config(dir, s)
	cfg.MaxInFlight, cfg.MaxRecords = inFlight, limit
	c := open(t, cfg)
	logN(t, c, 1, records)
	require.NoError(t, c.Sync(t.Context()))
	synctest.Wait()
	close(ready)
	for range 6 {
		sleep(time.Minute)
		balanced(t, c, "while it lives")
	}
	s.at(atRest)
	require.NoError(t, c.Close())
	s.at(atRest)
	assert.Empty(t, s.wrong)
	step := 1
	if !form.Long() {
		step = max(1, len(taken)/2)
	}
	n := 0
	for i, m := range taken {
		if i%step == 0 || i >= len(taken)-2 {
			revive(t, m, p, cfg, midnight, fmt.Sprintf("%s, moment %d of %d", m.stage, i, len(taken)))
			n++
		}
	}
	return n
}

// revive opens what a kill left and checks that all ends well.
func revive(t *testing.T, m moment, p play, cfg ledger.Config, midnight time.Time, when string) {
	t.Helper()
	cfg.Dir = filepath.Join(form.Scratch(t), "copy")
	m.tree.write(t, cfg.Dir)
	s := newServer(p.later)
	cfg.HTTPClient = s.client()
	c := open(t, cfg)
	begin := balanced(t, c, when)
	assert.Equal(t, uint64(records), begin.Accepted, "W3, %s", when)
	assert.Zero(t, begin.Lost, when)
	before := letters(t, c, ledger.DefaultDestination)
	assert.Len(t, before, int(begin.Dead), "a dead letter for each dead record, %s", when)
	reasons(t, c, when)

	// A hold of what is poisoned ends when something else is accepted.
	for i := records + 1; c.Stats().Pending > 0 && i < records+100; i++ {
		sleep(2 * time.Minute)
		logN(t, c, i, i)
	}
	if slices.Contains(slices.Collect(maps.Values(letters(t, c, ledger.DefaultDestination))), ledger.ReasonQuota) {
		sleep(max(time.Until(midnight), 0) + time.Minute) // The quota comes back.
	}
	flush(t, c)
	end := balanced(t, c, when)
	assert.Zero(t, end.Pending, when)
	after := letters(t, c, ledger.DefaultDestination)
	assert.Len(t, after, int(end.Dead), when)
	assert.LessOrEqual(t, len(after), p.dead, "%s: %v", when, after)
	reasons(t, c, when)
	again := s.has()
	missing := 0
	for i := range int(end.Accepted) {
		msg := message(i + 1)
		if again[msg] == 0 && m.took[msg] == 0 && after[msg] == "" {
			missing++
		}
		assert.LessOrEqual(t, again[msg], 1, "%s: %s", when, msg)
		if before[msg] != "" && before[msg] != ledger.ReasonQuota {
			assert.Zero(t, again[msg], "a dead letter does not wait too, %s: %s", when, msg)
		}
	}
	assert.LessOrEqual(t, missing, int(end.Evicted), when)
	assert.Empty(t, s.wrong)
	require.NoError(t, c.Close())
}
