package sender

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/wal"
)

// house is a real log and a real state in one directory.
type house struct {
	dir   string
	state *State
	log   *wal.Log
}

func openHouse(t *testing.T, dir string) *house {
	t.Helper()
	s, err := OpenState(dir)
	require.NoError(t, err)
	l, err := wal.Open(filepath.Join(dir, "wal"), wal.Options{Epoch: s.Identity().Epoch, Checkpoint: s.Account("default").Checkpoint(), SegmentSize: 4 << 10})
	require.NoError(t, err)
	return &house{dir, s, l}
}

func (h *house) close(t *testing.T) {
	t.Helper()
	require.NoError(t, errors.Join(h.log.Close(), h.state.Close()))
}

// admit appends n records and makes them readable.
func (h *house) admit(t *testing.T, n int) {
	t.Helper()
	run, base := h.log.NewRun(), h.log.Next()
	buf := run.Buffer()
	for i := range n {
		o := base + wal.Offset(i)
		buf = frame.Append(buf, frame.Header{Offset: uint64(o), Time: time.Now().UnixNano(), Resource: 1}, payload(o, 0), frame.Seed(h.state.Identity().Epoch))
	}
	run.Fill(buf, base, n, 1)
	require.NoError(t, errors.Join(h.log.Append(run), h.log.Sync()))
}

// Over the real log and state, through restarts in the middle of outages: what was
// acked is never sent again, what was not arrives, and the books balance (S1, W2, L2).
func TestEverythingArrivesAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	seen := map[wal.Offset]int{}
	var mu sync.Mutex
	total := 0
	for life := range 6 {
		bubble(t, func(t *testing.T) {
			h := openHouse(t, dir)
			defer h.close(t)
			acked := h.state.Account("default").Checkpoint().Head
			server := newFakeServer(func(c call) reply {
				switch {
				case life == 5:
				case c.n%4 == 1:
					return down
				case c.n%4 == 3:
					return reply{err: errors.New("reset"), lost: true, after: time.Second}
				}
				mu.Lock()
				defer mu.Unlock()
				for _, o := range c.offsets {
					assert.Greater(t, o, acked, "it was acked before this life")
					seen[o]++
				}
				return reply{status: 200, after: 30 * time.Millisecond}
			})
			cfg := small()
			cfg.HTTPClient = clientOf(server)
			s, err := New(h.log.Reader(0), h.state.Account(DefaultDestination), cfg)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			var run sync.WaitGroup
			run.Go(func() { assert.NoError(t, s.Run(ctx)) })
			for range 20 {
				h.admit(t, 7)
				total += 7
				sleep(300 * time.Millisecond)
			}
			if life == 2 {
				h.log.Reader(0).Evict(15) // Some of it in flight.
			}
			if life == 5 {
				require.NoError(t, s.Flush(ctx, wal.Offset(total)))
			}
			cancel()
			run.Wait()
			synctest.Wait()
			if life != 2 { // An eviction alone is for the log's owner to save.
				assert.Equal(t, h.log.Head(), h.state.Account("default").Checkpoint().Head)
			}
		})
	}
	h := openHouse(t, dir)
	defer h.close(t)
	cp := h.state.Account("default").Checkpoint()
	assert.Equal(t, wal.Offset(total), cp.Head)
	assert.Zero(t, cp.Lost+cp.Dead)
	assert.LessOrEqual(t, cp.Evicted, uint64(15))
	assert.GreaterOrEqual(t, uint64(len(seen)), cp.Delivered())
	assert.LessOrEqual(t, uint64(total-len(seen)), cp.Evicted, "only what was evicted did not arrive")
	assert.Positive(t, h.state.Account("default").Counters().Ambiguous)
}
