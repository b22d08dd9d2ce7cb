//go:build linux && (amd64 || arm64)

package syscalls

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// A disk that fails, once or from some call on for ever, costs nothing that was promised,
// and no failed sync is repeated (W6).
func TestEveryCallFails_W3_W6(t *testing.T) {
	requireGate(t)
	start := time.Now()
	pace := newPace(t, 20)
	var total counts
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range scenarios() {
			if s.fault != nil || pace.leavesOut(i) {
				continue // A scenario with a fault of its own: that is one of append's and roll's.
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				total.scenario()
				var before past
				if s.prepare != nil {
					before = s.prepare(t)
				}
				for _, forever := range pace.either() {
					faults, points, records := s.sweepFaults(t, before, pace, forever)
					total.add(faults, points, records)
					t.Logf("%d of %d points failed (for ever: %v), %d promised records checked", faults, points, forever, records)
				}
			})
		}
	})
	if !t.Failed() {
		form.Fault(t, "EIO", "%s, 0 lost, 0 syncs repeated, in %v",
			total.String("runs"), time.Since(start).Round(time.Second))
	}
}

// sweepFaults has one call fail in each run, and with forever set all that follow it,
// until a run has ended before the call.
func (s scenario) sweepFaults(t *testing.T, before past, p pace, forever bool) (faults, points, records int) {
	for at := p.first(); ; at += p.step {
		var r ran
		ok := t.Run(fmt.Sprintf("call %d, for ever %v", at, forever), func(t *testing.T) {
			r = s.runToFault(t, before, at, forever)
			records += len(before.records) + len(r.owed())
		})
		if !ok || !r.met() {
			return faults, r.points(failable), records
		}
		faults++
	}
}

// met tells whether a call has failed.
func (r ran) met() bool {
	return slices.ContainsFunc(r.trace, func(c call) bool { return c.verdict == fail })
}

// failable are the calls that are made to fail.
func failable(c call) bool {
	return slices.Contains([]string{"write", "pwrite64", "fsync", "fdatasync", "ftruncate", "msync", "renameat", "unlinkat"}, c.name)
}

// runToFault has the n-th point fail, if the child comes to it, lets the child end by itself and
// checks what it did and what it left.
func (s scenario) runToFault(t *testing.T, before past, n int, forever bool) ran {
	t.Helper()
	dir, srv := before.copy(t), newSink(t)
	seen := 0
	r := s.run(t, dir, s.server(srv), newTag, func(c call) verdict {
		switch {
		case !failable(c):
		case seen >= n && forever: // The disk stays broken, behind the window too.
			return fail
		case c.window:
			if seen++; seen == n {
				return fail
			}
		}
		return pass
	}, faultsEnv+"=1")

	// E1: it lives, Log has never failed, and it ends by itself. Only Open may fail, and
	// only because the disk does.
	if r.exit != exitOpen || !r.met() {
		assert.Zero(t, r.exit, "how it ended")
	}
	if r.exit == 0 && !forever {
		assert.True(t, slices.ContainsFunc(r.said, func(line string) bool { return strings.HasPrefix(line, "synced") }), "it synced in the end")
	}
	if r.segmentFailed() {
		assert.False(t, r.heard("faults 0"), "the fault is in Stats")
	}
	assert.Empty(t, repeats(r.trace), "E2, W6")
	s.check(t, dir, before, srv, duty{must: r.owed(), tried: max(r.tried(), len(r.promised())+1), volatile: !r.mapped()})
	if t.Failed() {
		t.Logf("%v", r)
	}
	return r
}

// mapped tells whether what Log took outlives the process whatever the disk does.
func (r ran) mapped() bool { return !r.heard("mapped false") }

// owed are the records that have to be there after a process that met faults and ended
// by itself: what was synced; and what was logged, if the ring was mapped.
func (r ran) owed() []string {
	if !r.mapped() {
		_, synced := promised(newTag, r.said)
		return synced
	}
	return r.promised()
}

// segmentFailed tells whether a record's way to the disk was blocked while the client
// was in use: a segment could not be written, or not synced although something was new in
// it. The sync of a cut, and that of a segment which is closed, are no such thing.
func (r ran) segmentFailed() bool {
	fresh := map[string]bool{}
	for _, c := range r.trace {
		if !isSegment(c.path) {
			continue
		}
		if c.window && c.verdict == fail && (writes(c) || syncs(c) && fresh[c.path]) {
			return true
		}
		if writes(c) || syncs(c) {
			fresh[c.path] = writes(c)
		}
	}
	return false
}
