package sender

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

func TestFlushSendsAtOnceAndWaitsForTheDurableAck(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(reply{status: 200, after: time.Second}))
		r.log.add(10)
		sleep(time.Second)
		require.NoError(t, r.Flush(t.Context(), 10))
		assert.Equal(t, []float64{1}, r.server.times())
		assert.Equal(t, wal.Offset(10), r.store.head())
		require.NoError(t, r.Flush(t.Context(), 10), "what is settled needs no request")
		require.NoError(t, r.Flush(t.Context(), 0))
		assert.Len(t, r.server.got(), 1)
	})
}

func TestFlushWaitsForAckThatCannotBeSaved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.store.fail(errors.New("no space left on device"))
		r.log.add(10)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		require.ErrorIs(t, r.Flush(ctx, 10), context.DeadlineExceeded)
		r.store.fail(nil)
		require.NoError(t, r.Flush(t.Context(), 10))
		assert.Equal(t, wal.Offset(10), r.store.head())
	})
}

func TestFlushTakesWhatBecomesReadableLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.log.add(10)
		result := make(chan error, 1)
		go func() { result <- r.Flush(t.Context(), 20) }()
		sleep(time.Second)
		r.log.add(10)
		synctest.Wait()
		require.NoError(t, <-result)
		assert.Equal(t, []float64{0, 1}, r.server.times())
	})
}

func TestFlushReturnsForEvictedRecords(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(down))
		r.log.add(10)
		result := make(chan error, 1)
		go func() { result <- r.Flush(t.Context(), 10) }()
		sleep(time.Second)
		r.log.evict(10)
		sleep(time.Minute)
		require.NoError(t, <-result)
	})
}

func TestFlushSkipsARunningBackoffOncePerCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(down))
		r.log.add(1000)
		sleep(100 * time.Second) // Attempts at 0 2 6 14 30 62; the next is due at 122.
		require.Len(t, r.server.got(), 6)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := r.Flush(ctx, 1000)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "sender: flush: context deadline exceeded (backoff: 503 Service Unavailable)")
		assert.Equal(t, []float64{62, 100}, r.server.times()[5:])
		sleep(time.Minute)
		assert.Equal(t, []float64{62, 100, 160}, r.server.times()[5:], "the backoff goes on where it was")
	})
}

func TestNudgingAllTheTimeIsNotFasterThanTheFirstStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, small(), always(down))
		r.log.add(10)
		for range 1000 {
			r.Nudge()
			sleep(100 * time.Millisecond)
		}
		assert.Len(t, r.server.times(), 51, "one each two seconds")
	})
}

func TestFlushAfterTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.log.add(10)
		require.NoError(t, r.Flush(t.Context(), 10))
		waiting := make(chan error, 1)
		go func() { waiting <- r.Flush(t.Context(), 11) }()
		synctest.Wait()
		require.NoError(t, r.stop())
		require.ErrorIs(t, <-waiting, ErrStopped)
		require.ErrorIs(t, r.Flush(t.Context(), 11), ErrStopped)
		require.NoError(t, r.Flush(t.Context(), 10))
	})
}

func TestShutdownInTheMiddleOfEachWaitIsPromptAndLosesNothing(t *testing.T) {
	tests := []struct {
		name    string
		replies []reply
		add     int
		after   time.Duration
		phase   Phase
		head    wal.Offset
	}{
		{"idle", nil, 0, time.Second, PhaseIdle, 0},
		{"before the interval", nil, 5, time.Second, PhaseIdle, 0},
		{"in flight", []reply{{status: 200, after: time.Hour}}, 1000, time.Second, PhaseSending, 0},
		{"backoff", []reply{down, down, down}, 1000, 10 * time.Second, PhaseBackoff, 0},
		{"throttled", []reply{retryAfter(429, "3000")}, 1000, time.Minute, PhaseThrottled, 0},
		{"hold", []reply{status(401)}, 1000, time.Second, PhaseHold, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				cfg := exact()
				cfg.Timeout = 2 * time.Hour
				r := start(t, cfg, script(tt.replies...))
				if tt.add > 0 {
					r.log.add(tt.add)
				}
				sleep(tt.after)
				require.Equal(t, tt.phase, r.Health().Phase)
				begin := time.Now()
				require.NoError(t, r.stop()) // goleak and the bubble find a goroutine that is left.
				assert.Zero(t, time.Since(begin))
				assert.Equal(t, tt.head, r.store.head())
				assert.Equal(t, PhaseStopped, r.Health().Phase)
				assert.Zero(t, r.server.now)
			})
		})
	}
}

func TestShutdownKeepsNothingThatWasDeliveredOutOfOrderS1(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), func(c call) reply {
			if c.offsets[0] == 1001 {
				return reply{status: 200, after: time.Hour}
			}
			return ok
		})
		r.log.add(3000)
		sleep(time.Second)
		require.Len(t, r.server.got(), 3)
		require.NoError(t, r.stop())
		assert.Equal(t, wal.Offset(1000), r.store.head(), "2001 to 3000 are sent again: 1001 to 2000 are not delivered")
	})
}

// A client that does not end its requests is waited for: its goroutine would use
// what Run's caller closes next. What it still delivers is acked.
func TestShutdownJoinsEveryAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(reply{status: 200, after: 3 * time.Second, deaf: true}))
		r.log.add(1000)
		sleep(time.Second)
		begin := time.Now()
		require.NoError(t, r.stop())
		assert.Equal(t, 2*time.Second, time.Since(begin))
		assert.Zero(t, r.server.now)
		assert.Equal(t, wal.Offset(1000), r.store.head())
	})
}

func TestShutdownCountsTheCancelledRequestAsAmbiguous(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(reply{status: 200, after: time.Minute}))
		r.log.add(1000)
		sleep(time.Second)
		require.NoError(t, r.stop())
		assert.Equal(t, uint64(1), r.store.total.Ambiguous)
		assert.Equal(t, uint64(1000), r.store.total.AmbiguousRecords)
		assert.Equal(t, uint64(1), r.store.total.Requests, "counters are saved without an ack, too")
		assert.Zero(t, r.store.total.Failures, "it says nothing about the server")
	})
}
