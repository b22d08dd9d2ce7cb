package sender

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/wal"
)

// A blip is retried with the batch that failed. After three failures a small part of it
// tries whether the server is back, the same each time, and then the window opens.
func TestProbeAfterAnOutageIsSmall_S2(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), func(c call) reply {
			if c.n < 7 {
				return refused
			}
			return reply{status: 200, after: 10 * time.Millisecond}
		})
		r.log.add(5000)
		sleep(10 * time.Minute)
		var sizes []int
		for _, c := range r.server.got() {
			sizes = append(sizes, len(c.offsets))
		}
		assert.Equal(t, []int{1000, 1000, 1000, 100, 100, 100, 100, 100}, sizes[:8])
		calls := r.server.got()
		assert.Equal(t, calls[0].body, calls[2].body)
		assert.Equal(t, calls[3].body, calls[7].body)
		assert.Equal(t, wal.Offset(1), calls[7].offsets[0])
		assert.Equal(t, []float64{0, 2, 6, 14, 30, 62, 122, 182}, r.server.times()[:8])
		assert.Equal(t, wal.Offset(5000), r.store.head())
		seen := map[wal.Offset]int{}
		for _, c := range calls[7:] {
			for _, o := range c.offsets {
				seen[o]++
			}
		}
		assert.Len(t, seen, 5000)
	})
}

// Processes that are started together and find a backlog do not begin together, and none
// waits longer than an interval. Who has nothing to send, or no jitter, begins at once.
func TestFirstRequestsOfAFleetAreSpread(t *testing.T) {
	first := func(jitter float64, backlog bool) (at time.Duration) {
		bubble(t, func(t *testing.T) {
			cfg := small()
			cfg.Retry.Jitter = jitter
			l := newFakeLog(t)
			if backlog {
				l.add(10)
			}
			r := startOver(t, cfg, l, &fakeStore{}, always(ok))
			if !backlog {
				l.add(10)
			}
			sleep(time.Minute)
			at = r.server.got()[0].at
		})
		return at
	}
	differ, latest := map[time.Duration]bool{}, time.Duration(0)
	for range 100 {
		at := first(0, true)
		differ[at], latest = true, max(latest, at)
	}
	assert.Greater(t, len(differ), 90)
	assert.LessOrEqual(t, latest, 5*time.Second)
	assert.Greater(t, latest, 3*time.Second)
	assert.Zero(t, first(0, false))
	assert.Zero(t, first(-1, true))
}
