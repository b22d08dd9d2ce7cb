//go:build linux && (amd64 || arm64)

package syscalls

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// Wherever a process is killed, the directory opens and holds what was promised.
func TestKilledAtEverySystemCall_W3_W7(t *testing.T) {
	requireGate(t)
	start := time.Now()
	pace := newPace(t, 25)
	var total counts
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range scenarios() {
			if pace.leavesOut(i) {
				continue
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				kills, points, records := s.sweepKills(t, pace)
				total.add(kills, points, records)
				total.scenario()
				t.Logf("killed at %d of %d points, %d promised records checked", kills, points, records)
			})
		}
	})
	if !t.Failed() {
		form.Fault(t, "SIGKILL at every system call", "%s, 0 lost, in %v",
			total.String("kills"), time.Since(start).Round(time.Second))
	}
}

// sweepKills kills a child at its points, before each call and half-way through each
// write, one run each, until one survives because it did not come so far.
func (s scenario) sweepKills(t *testing.T, p pace) (kills, points, records int) {
	var before past
	if s.prepare != nil {
		before = s.prepare(t)
	}
	for at := p.first(); ; at += p.step {
		var r ran
		ok := t.Run(fmt.Sprint("call ", at), func(t *testing.T) {
			r = s.runToKill(t, before, at)
			records += len(before.records) + len(r.promised())
		})
		if !ok || r.killed == nil {
			return kills, r.points(killable) + r.points(tearable), records
		}
		kills++
	}
}

// killable is every call on the directory, and every line that promises something.
func killable(c call) bool { return c.window }

// runToKill kills at the n-th point, if the child comes to it, and checks what is left.
func (s scenario) runToKill(t *testing.T, before past, n int) ran {
	t.Helper()
	dir, srv := before.copy(t), newSink(t)
	seen, faulted := 0, s.fault == nil
	r := s.run(t, dir, s.server(srv), newTag, func(c call) verdict {
		if !killable(c) {
			return pass
		}
		if seen++; seen == n {
			return kill
		}
		if tearable(c) {
			if seen++; seen == n {
				return tear
			}
		}
		if !faulted && s.fault(c) {
			faulted = true
			return fail
		}
		return pass
	}, s.faultsExpected()...)
	if r.killed == nil {
		require.Zero(t, r.exit, "%v", r)
		require.True(t, faulted, "the fault was met\n%v", r)
		require.Positive(t, r.points(s.shows), "it did what its name says\n%v", r)
	}
	must := r.promised()
	s.check(t, dir, before, srv, duty{must: must, tried: max(r.tried(), len(must)+1)})
	if t.Failed() {
		t.Logf("killed at: %v\n%v", r.killed, r)
	}
	return r
}

func (s scenario) faultsExpected() []string {
	if s.fault == nil {
		return nil
	}
	return []string{faultsEnv + "=1"}
}

// promised are the records that the child may rely on.
func (r ran) promised() []string {
	logged, synced := promised(newTag, r.said)
	if len(synced) > len(logged) {
		return synced
	}
	return logged
}

// counts adds up what several scenarios did.
type counts struct {
	mu                               sync.Mutex
	runs, points, records, scenarios int
}

func (c *counts) add(runs, points, records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs, c.points, c.records = c.runs+runs, c.points+points, c.records+records
}

func (c *counts) scenario() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scenarios++
}

func (c *counts) String(what string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d %s over %d points of %d scenarios, %d records checked by ID", c.runs, what, c.points, c.scenarios, c.records)
}

// Killing must be exact, or the sweep has holes.
func TestTheGateKillsBeforeTheCall(t *testing.T) {
	requireGate(t)
	s, _ := scenarioNamed("append and sync")
	for n := 1; n <= 5; n++ {
		var before past
		dir := before.copy(t)
		seen := 0
		r := s.run(t, dir, nobody, newTag, func(call) verdict {
			if seen++; seen == n {
				return kill
			}
			return pass
		})
		require.NotNil(t, r.killed)
		assert.Len(t, r.trace, n)
		if n == 1 {
			assert.Equal(t, "mkdirat .", r.killed.String())
			assert.NoDirExists(t, dir, "the call was not made")
		}
	}
}
