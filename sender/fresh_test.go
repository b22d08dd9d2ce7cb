package sender

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// After an outage what is logged now arrives within an interval or two, while the backlog
// drains beside it: nothing twice, nothing missing, over restarts and evictions too.
func TestFreshRecordsDoNotWaitForTheBacklog_L2(t *testing.T) {
	for _, inFlight := range []int{1, 4} {
		for _, fresh := range []bool{true, false} {
			bubble(t, func(t *testing.T) { passBacklog(t, inFlight, fresh) })
		}
	}
}

func passBacklog(t *testing.T, inFlight int, fresh bool) {
	t.Helper()
	const backlog, later = 3000, 400
	begin := time.Now()
	var mu sync.Mutex
	arrived, took := map[wal.Offset]time.Time{}, map[wal.Offset]int{}
	server := newFakeServer(func(c call) reply {
		if time.Since(begin) < 5*time.Minute {
			return down
		}
		mu.Lock()
		defer mu.Unlock()
		for _, o := range c.offsets {
			arrived[o] = time.Now()
			took[o]++
		}
		return reply{status: 200, after: time.Second}
	})
	cfg := exact()
	cfg.FlushSize, cfg.MaxInFlight, cfg.FreshFirst, cfg.HTTPClient = 20, inFlight, fresh, clientOf(server)
	dir := form.Scratch(t)
	h := openHouse(t, dir)
	h.admit(t, backlog)
	life := func(d time.Duration, work func()) {
		s, err := New(h.log.Reader(0), h.state.Account(DefaultDestination), cfg)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { assert.NoError(t, s.Run(ctx)) })
		sleep(100 * time.Millisecond) // What is there when it begins is backlog.
		for end := time.Now().Add(d); time.Now().Before(end); sleep(time.Second) {
			work()
		}
		sleep(1500 * time.Millisecond) // Nothing is under way that would have to come twice.
		cancel()
		run.Wait()
		h.close(t)
		h = openHouse(t, dir)
	}
	life(6*time.Minute, func() {})
	admitted := map[wal.Offset]time.Time{}
	log := func() {
		if h.log.Next() <= backlog+later {
			admitted[h.log.Next()] = time.Now()
			h.admit(t, 1)
		}
	}
	// To the next process what this one logged at last is backlog.
	restart := func(d time.Duration) {
		life(d, log)
		maps.DeleteFunc(admitted, func(_ wal.Offset, at time.Time) bool { return time.Since(at) < 10*time.Second })
	}
	restart(40 * time.Second)
	mid := h.log.Reader(0).Stats()
	restart(30 * time.Second)
	evicted := h.log.Reader(0).Evict(100)
	require.NoError(t, h.state.Account(DefaultDestination).Save(h.log.Reader(0).Checkpoint(), Counters{}))
	life(20*time.Minute, log)
	total := wal.Offset(backlog + later)
	cp := h.state.Account(DefaultDestination).Checkpoint()
	assert.Equal(t, total, cp.Head)
	assert.Equal(t, uint64(total)-evicted, cp.Delivered())
	assert.GreaterOrEqual(t, len(took), int(total)-int(evicted))
	assert.LessOrEqual(t, slices.Max(slices.Collect(maps.Values(took))), 2)
	twice := 0
	for _, n := range took {
		twice += n - 1
	}
	assert.LessOrEqual(t, twice, 4*20*inFlight, "only what was under way when a process ended may come again")
	var slowest time.Duration
	for o, at := range admitted {
		if got, ok := arrived[o]; ok {
			slowest = max(slowest, got.Sub(at))
		}
	}
	t.Logf("%d in flight, fresh first %v: slowest fresh record %v; %d twice", inFlight, fresh, slowest, twice)
	if fresh {
		assert.LessOrEqual(t, slowest, 12*time.Second)
		assert.Equal(t, inFlight == 1, mid.Pending > 100, "the backlog is still there")
	} else if inFlight == 1 {
		assert.Greater(t, slowest, time.Minute, "it can be told from what is not wanted")
	}
	h.close(t)
}

// What was delivered out of its turn is not sent again after a restart, clean or not, as
// far as it was saved; the checkpoint says it by offset.
func TestWhatIsDeliveredEarlyIsKeptOverARestart_S1_W2(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := form.Scratch(t)
		h := openHouse(t, dir)
		h.admit(t, 50)
		var stuck sync.Map
		stuck.Store(wal.Offset(11), true)
		took := map[wal.Offset]int{}
		var mu sync.Mutex
		server := newFakeServer(func(c call) reply {
			if _, bad := stuck.Load(c.offsets[0]); bad {
				return reply{status: 200, after: time.Hour} // It hangs.
			}
			mu.Lock()
			defer mu.Unlock()
			for _, o := range c.offsets {
				took[o]++
			}
			return ok
		})
		cfg := small()
		cfg.HTTPClient = clientOf(server)
		for range 3 {
			s, err := New(h.log.Reader(0), h.state.Account(DefaultDestination), cfg)
			require.NoError(t, err)
			stop := running(t, s)
			sleep(25 * time.Second)
			stop()
			cp := h.state.Account(DefaultDestination).Checkpoint()
			assert.Equal(t, wal.Offset(10), cp.Head)
			assert.Equal(t, []wal.Range{{From: 21, To: 50}}, cp.Settled)
			h.close(t)
			h = openHouse(t, dir)
		}
		stuck.Clear()
		s, err := New(h.log.Reader(0), h.state.Account(DefaultDestination), cfg)
		require.NoError(t, err)
		stop := running(t, s)
		sleep(time.Minute)
		stop()
		assert.Equal(t, wal.Offset(50), h.state.Account(DefaultDestination).Checkpoint().Head)
		alike(t, offsets(1, 50), slices.Sorted(maps.Keys(took)))
		assert.Equal(t, 1, slices.Max(slices.Collect(maps.Values(took))), "nothing twice")
		h.close(t)
	})
}
