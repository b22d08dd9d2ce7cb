package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func block(t *testing.T) *ports {
	t.Helper()
	p, err := reserve(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.close()) })
	return p
}

// Every run of a test goes on at the same time, as it does in a measurement.
func TestRuns(t *testing.T) {
	t.Parallel()
	quiet := scenario{outage: none, rate: 50, before: time.Second}
	brief := scenario{outage: killed, rate: 200, before: time.Second / 2, down: time.Second, after: time.Second}
	// At this rate both libraries send while the server is away, and not only after it.
	away := scenario{rate: 800, before: time.Second, down: 3 * time.Second, after: time.Second}

	type expectation struct {
		turn
		check func(t *testing.T, r result)
	}
	var all []expectation
	expect := func(l peer, s scenario, check func(t *testing.T, r result)) {
		all = append(all, expectation{turn{l, s}, check})
	}

	// Each library is understood. One that was misread would look as if it lost records.
	for _, l := range peers() {
		expect(l, quiet, func(t *testing.T, r result) {
			assert.Greater(t, r.emitted, 10)
			assert.Zero(t, r.lost+r.duplicates+r.refused+r.late)
		})
	}
	// The faults of careless are found, to the record.
	expect(careless(), scenario{outage: none, rate: 200, before: time.Second}, func(t *testing.T, r result) {
		calls := r.emitted + r.refused
		require.GreaterOrEqual(t, calls, 3, "each fault once")
		of20 := func(nth int) int { return (calls + 20 - nth) / 20 }
		assert.Equal(t, of20(1), r.refused)
		assert.Equal(t, of20(2), r.lost)
		assert.Equal(t, of20(3), r.duplicates)
	})
	// A kill costs what was in memory, and no more.
	expect(forgetful(), brief, func(t *testing.T, r result) {
		assert.Greater(t, r.lost, 20)
		assert.Less(t, r.lost, r.emitted, "the second process delivers its own")
		assert.Less(t, r.lostInIt, r.lost, "some were logged before the outage")
		assert.Zero(t, r.late+r.duplicates+r.refused)
	})
	brief.next = 10 * time.Second
	// What is on disk is no loss, whenever it comes. The processes of a run share a
	// directory, and no report goes with the process that was killed: but for one that it
	// could not make, what arrives is what was promised.
	expect(hoarder(), brief, func(t *testing.T, r result) {
		assert.Greater(t, r.emitted, 20)
		assert.Equal(t, r.emitted, r.late)
		assert.Zero(t, r.lost+r.duplicates+r.refused)
	})
	// The headline, in small.
	for _, o := range []outage{refused, unavailable, killed} {
		s := away
		s.outage, s.next = o, 10*time.Second
		expect(ledgerPeer("ledger", 0), s, func(t *testing.T, r result) {
			assert.Greater(t, r.inOutage, 500)
			assert.Zero(t, r.lost+r.refused)
			if o == unavailable { // a request that was answered 503 did not count
				assert.Zero(t, r.duplicates)
			}
		})
	}
	for _, o := range []outage{refused, killed} { // 503 it retries for a while
		s := away
		s.outage = o
		expect(otelPeer(), s, func(t *testing.T, r result) {
			assert.Greater(t, r.inOutage, 500)
			assert.Greater(t, r.share(), 0.2)
		})
	}

	turns := make([]turn, len(all))
	for i, e := range all {
		turns[i] = e.turn
	}
	results, err := measureAll(t.Context(), turns, len(turns))
	require.NoError(t, err)
	require.Len(t, results, len(all))
	for i, e := range all {
		t.Run(string(e.scenario.outage)+"/"+e.peer.name, func(t *testing.T) {
			require.Equal(t, e.peer.name, results[i].peer)
			e.check(t, results[i])
		})
	}
}

// A request that is not understood is no loss of the library's.
func TestARequestThatIsNotUnderstoodFailsTheRun(t *testing.T) {
	t.Parallel()
	p := careless()
	p.wire.messages = func([]byte) ([]string, error) { return []string{"who wrote this?"}, nil }
	_, err := measure(t.Context(), block(t), p, scenario{outage: none, rate: 50, before: 200 * time.Millisecond})
	require.ErrorContains(t, err, "not understood")
}

// A run that fails is told and is no row of a table; the others are.
func TestARunThatFailsIsLeftOut(t *testing.T) {
	t.Parallel()
	s := scenario{outage: none, rate: 50, before: 200 * time.Millisecond}
	results, err := measureAll(t.Context(), product([]peer{{name: "unheard of"}, careless()}, []scenario{s}), 1)
	require.ErrorContains(t, err, `no library is named "unheard of"`)
	require.Len(t, results, 1)
	assert.Equal(t, "careless", results[0].peer)
}

// Libraries are measured at their defaults, whatever is set for other programs.
func TestNoSettingReachesALibrary(t *testing.T) {
	t.Setenv("OTEL_BLRP_MAX_QUEUE_SIZE", "1")
	t.Setenv("HTTP_PROXY", "http://proxy.example")
	assert.NotContains(t, strings.Join(environment(), "\n"), "OTEL")
	assert.NotContains(t, strings.Join(environment(), "\n"), "PROXY")
	assert.Contains(t, environment(), "PATH="+os.Getenv("PATH"))
}

// Two programs, or two tests, share no port, whether a server is there or away.
func TestPortsAreReserved(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		p := block(t)
		for range 5 {
			l, err := p.next(t.Context())
			require.NoError(t, err)
			require.NoError(t, l.Close())
			assert.False(t, seen[l.Addr().String()], l.Addr())
			seen[l.Addr().String()] = true
		}
	}
}
