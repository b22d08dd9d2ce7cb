package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const few = 200

func scenarioOf(name string, m mode, shippers int) scenario {
	for _, sc := range scenarios(shippers, 1) {
		if sc.policy.name == name && sc.mode == m {
			return sc
		}
	}
	panic(name)
}

// What the table says of ten thousand holds for two hundred, if less exactly.
func TestOurFleetIsGentlerThanTheOthersAndLosesNoTime(t *testing.T) {
	for _, m := range []mode{unavailable, tooMany} {
		ours := measure(simulate(scenarioOf("ledger", m, few)))
		assert.Less(t, ours.peak10, 1.35, m)
		assert.Greater(t, ours.most.goodput, 0.75, "a server for 20/s queues 2 and idles more")
		assert.NotZero(t, ours.all.after)
		for _, name := range []string{"fixed, 5 s", "exponential, 2 to 60 s"} {
			theirs := measure(simulate(scenarioOf(name, m, few)))
			assert.Less(t, ours.peak10, theirs.peak10, "%s, %s", m, name)
			assert.Less(t, ours.peak1, theirs.peak1, "%s, %s", m, name)
			assert.Less(t, ours.refused, theirs.refused/2, "%s, %s", m, name)
			if name != "fixed, 5 s" { // which never leaves the server alone
				assert.Less(t, ours.most.after, theirs.most.after, "%s, %s", m, name)
			}
		}
	}
}

// L2 in the small: what was logged before the server came back is all there in the
// end, whatever the policy and the server, and never a batch in two shapes.
func TestEveryEntryIsDelivered(t *testing.T) {
	for _, m := range []mode{unavailable, tooMany, queueing} {
		for _, c := range contenders() {
			sim := simulate(scenarioOf(c.name, m, 50))
			assert.Zero(t, sim.missing, c.name)
			served := 0
			for _, tick := range sim.counts.ticks {
				served += tick.served
			}
			entries := 0
			for _, s := range sim.fleet {
				require.GreaterOrEqual(t, len(s.stored), s.logged(sim.back-1))
				for _, times := range s.stored[:s.logged(sim.back-1)] {
					require.NotZero(t, times, c.name)
				}
				for _, times := range s.stored {
					require.LessOrEqual(t, times, uint8(1), "nothing was ambiguous")
					entries += int(times)
				}
			}
			assert.GreaterOrEqual(t, sim.counts.backlog, 50*119)
			assert.GreaterOrEqual(t, entries, sim.counts.backlog)
			assert.LessOrEqual(t, served, entries)
		}
	}
}

func TestServerServesItsCapacityAndNoMore(t *testing.T) {
	for _, m := range []mode{unavailable, tooMany, queueing} {
		sim := simulate(scenarioOf("fixed, 5 s", m, few))
		r := measure(sim)
		served, offered, refusals := 0, 0, 0
		for i, tick := range r.ticks {
			served, offered, refusals = served+tick.served, offered+tick.offered, refusals+tick.refused
			require.LessOrEqual(t, float64(served), r.capacity*(time.Duration(i+1)*tickLength).Seconds()+1)
		}
		assert.InDelta(t, offered, served+refusals, r.capacity*longestQueue.Seconds(), m)
		assert.LessOrEqual(t, r.most.goodput, 1.001)
		assert.Greater(t, r.most.goodput, 0.9, "%s: this one never leaves it idle", m)
	}
}

func TestAnswersOfAServerThatIsFull(t *testing.T) {
	for m, want := range map[mode]answer{
		unavailable: {kind: busy},
		tooMany:     {kind: busy, after: 30 * time.Second},
		queueing:    {kind: silence},
	} {
		sim := &simulation{scenario: scenario{capacity: 10, mode: m}, now: 1}
		sim.server = server{sim: sim, rng: rand.New(rand.NewPCG(1, 1)), free: int64(time.Minute)}
		sim.server.request(&shipper{sim: sim}, &batch{})
		require.Len(t, sim.queue.heap, 1)
		e := sim.queue.pop()
		assert.Equal(t, want, e.answer, m)
		assert.Equal(t, m == queueing, e.at == 1+int64(clientTimeout), m)
	}
}

// After a timeout the server may have stored what is then sent again.
func TestWhatIsStoredTwiceIsMissingOnce(t *testing.T) {
	sim := &simulation{now: int64(time.Hour), back: int64(time.Hour), missing: 12}
	s := &shipper{sim: sim}
	for _, b := range []*batch{{n: 8}, {n: 8}, {first: 8, n: 4}} {
		sim.queue.push(event{at: sim.now, shipper: s, batch: b})
		sim.step()
	}
	assert.Equal(t, []tick{{served: 3, missing: 0}}, sim.counts.ticks)
	assert.Equal(t, []uint8{2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1}, s.stored)
}

func TestSameSeedSameRun(t *testing.T) {
	first, second := simulate(scenarioOf("ledger", tooMany, few)), simulate(scenarioOf("ledger", tooMany, few))
	assert.Equal(t, first.counts, second.counts)
	other := scenarioOf("ledger", tooMany, few)
	other.seed = 2
	assert.NotEqual(t, first.counts, simulate(other).counts)
}

func TestQueueGivesBackEventsInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var q queue
	var last event
	for range 5000 {
		if len(q.heap) == 0 || rng.IntN(5) < 3 {
			q.push(event{at: last.at + rng.Int64N(50)})
			continue
		}
		e := q.pop()
		require.True(t, last.before(&e))
		last = e
	}
	for len(q.heap) > 0 {
		e := q.pop()
		require.True(t, last.before(&e))
		last = e
	}
}

func TestMeasures(t *testing.T) {
	sim := &simulation{scenario: scenario{capacity: 10}}
	sim.counts.backlog = 100
	for i := range 200 { // 1 request per tick is the capacity
		next := tick{offered: 1, served: 1, missing: max(0, 100-i)}
		if i >= 50 && i < 60 {
			next.offered, next.refused, next.served = 3, 2, 0
		}
		sim.counts.ticks = append(sim.counts.ticks, next)
	}
	r := measure(sim)
	assert.InDelta(t, 3, r.peak1, 1e-9)
	assert.InDelta(t, 1.2, r.peak10, 1e-9)
	assert.Equal(t, 9600*time.Millisecond, r.most.after)
	assert.InDelta(t, 86.0/96, r.most.goodput, 1e-9)
	assert.Equal(t, 10100*time.Millisecond, r.all.after)
	assert.Equal(t, 20, r.refused)
	sim.counts.ticks = sim.counts.ticks[:50]
	assert.Equal(t, drained{}, measure(sim).all)
}

func TestTableAndPlotShowEveryRun(t *testing.T) {
	var results []result
	for _, c := range contenders() {
		results = append(results, measure(simulate(scenarioOf(c.name, unavailable, 20))))
	}
	var text, markdown, svg bytes.Buffer
	require.NoError(t, table(&text, results, false))
	require.NoError(t, table(&markdown, results, true))
	plot(&svg, results)
	for _, c := range contenders() {
		assert.Contains(t, text.String(), c.name)
		assert.Contains(t, markdown.String(), "| "+c.name+" |")
		assert.Contains(t, svg.String(), c.name)
	}
	lines := strings.Split(strings.TrimSpace(markdown.String()), "\n")
	require.Len(t, lines, 2+len(results))
	for _, line := range lines {
		assert.Equal(t, strings.Count(lines[0], "|"), strings.Count(line, "|"))
	}
	d := xml.NewDecoder(&svg)
	for {
		if _, err := d.Token(); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return
		}
	}
}
