package sender

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

func TestTemporaryFailureWaits2_4_8To60Seconds(t *testing.T) {
	for _, fail := range []reply{down, refused, status(500), status(502), status(504), status(408), {err: errors.New("reset"), lost: true}} {
		bubble(t, func(t *testing.T) {
			r := start(t, small(), script(fail, fail, fail, fail, fail, fail, fail, fail))
			r.log.add(10)
			sleep(10 * time.Minute)
			assert.Equal(t, []float64{0, 2, 6, 14, 30, 62, 122, 182, 242}, r.server.times(), fmt.Sprint(fail))
			assert.Equal(t, wal.Offset(10), r.store.head())
			assert.Equal(t, uint64(8), r.Stats().Failures)
		})
	}
}

func TestJitterSpreadsEveryWaitAlsoAtTheCap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := small()
		cfg.Retry.Jitter = 0 // the default
		r := start(t, cfg, always(down))
		r.log.add(10)
		sleep(3 * time.Hour)
		at, differ := r.server.times(), map[float64]bool{}
		for i, want := range []float64{2, 4, 8, 16, 32} {
			assert.InDelta(t, want, at[i+1]-at[i], 0.2*want+0.001)
		}
		for i := 6; i < len(at); i++ {
			gap := at[i] - at[i-1]
			assert.InDelta(t, 60, gap, 12.001)
			differ[gap] = true
		}
		assert.Greater(t, len(differ), 100, "no two waits are alike, at the cap either")
	})
}

func TestBackoffBeginsAnewAfterASuccess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := small()
		r := start(t, cfg, script(down, down, ok, down, ok))
		r.log.add(10)
		sleep(time.Minute)
		r.log.add(10)
		sleep(time.Minute)
		assert.Equal(t, []float64{0, 2, 6, 60, 62}, r.server.times())
	})
}

// With a window of four the outage begins with several failures at once. They are
// one failure, and one probe follows, of the oldest batch.
func TestOutageIsProbedWithTheOldestBatchAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := small()
		var broken atomic.Bool
		r := start(t, cfg, func(c call) reply {
			if broken.Load() {
				return reply{status: 503, after: 10 * time.Millisecond}
			}
			return reply{status: 200, after: 10 * time.Millisecond}
		})
		r.log.add(100)
		sleep(time.Second) // The window is open to four.
		n := len(r.server.got())
		broken.Store(true)
		r.log.add(100)
		sleep(10 * time.Second) // Four fail, then a probe each at 2 and 6 s.
		calls := r.server.got()[n:]
		require.Len(t, calls, 6)
		assert.Equal(t, wal.Offset(101), calls[4].offsets[0])
		assert.Equal(t, calls[4].body, calls[5].body)
		assert.InDelta(t, 2, (calls[4].at - calls[3].at).Seconds(), 0.02)
		assert.InDelta(t, 4, (calls[5].at - calls[4].at).Seconds(), 0.02)
		broken.Store(false)
		r.server.most()
		sleep(time.Minute)
		calls = r.server.got()[n+6:]
		require.Equal(t, wal.Offset(101), calls[0].offsets[0])
		assert.ElementsMatch(t, []wal.Offset{111, 121}, []wal.Offset{calls[1].offsets[0], calls[2].offsets[0]})
		assert.Equal(t, calls[1].at, calls[2].at, "after the probe two at once")
		assert.Greater(t, calls[1].at, calls[0].at)
		assert.Less(t, calls[2].at, calls[3].at)
		assert.Equal(t, 4, r.server.most())
		assert.Equal(t, wal.Offset(200), r.store.head())
	})
}

// A connection that hangs must not hold up the probe, nor end the outage.
func TestAttemptOfAnEarlierRoundDecidesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.FlushSize, cfg.MaxInFlight = 10, 2
		r := start(t, cfg, func(c call) reply {
			switch c.offsets[0] {
			case 1:
				return ok
			case 11:
				return reply{status: 200, after: 8 * time.Second}
			}
			return down // 21, while 11 hangs
		})
		r.log.add(30)
		sleep(13 * time.Second)
		assert.Equal(t, []float64{0, 0, 0, 2, 6}, r.server.times())
		assert.Equal(t, PhaseBackoff, r.Health().Phase)
		assert.Equal(t, wal.Offset(20), r.store.head(), "the late success counts")
	})
}

func TestThrottleSendsNothingBeforeTheTime(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		name  string
		reply func() reply
		wait  float64
	}{
		{"429 in seconds", func() reply { return retryAfter(429, "77") }, 77},
		{"503 in seconds", func() reply { return retryAfter(503, "5") }, 5},
		{"429 as a date", func() reply { return retryAfter(429, date(90*time.Second)) }, 90},
		{"503 as a date", func() reply { return retryAfter(503, date(7*time.Minute)) }, 420},
		{"a day becomes an hour", func() reply { return retryAfter(429, "86400") }, 3600},
		{"429 without a time waits for the backoff", func() reply { return status(429) }, 2},
		{"503 without a time is a failure", func() reply { return status(503) }, 2},
		{"a time in the past is none", func() reply { return retryAfter(429, date(-time.Hour)) }, 2},
		{"zero is none", func() reply { return retryAfter(503, "0") }, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := start(t, small(), script(tt.reply()))
				r.log.add(10)
				sleep(time.Second)
				r.log.add(10)
				r.Nudge()
				go func() { _ = r.Flush(t.Context(), 10) }() // Nobody shortens it.
				sleep(2 * time.Hour)
				times := r.server.times()
				require.Len(t, times, 3)
				assert.Equal(t, tt.wait, times[1])
			})
		})
	}
}

func TestThrottleIsNotAFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), script(retryAfter(429, "30"), retryAfter(429, "30"), down))
		r.log.add(1000)
		sleep(40 * time.Second)
		h := r.Health()
		assert.Equal(t, PhaseThrottled, h.Phase)
		assert.Equal(t, "429 Too Many Requests", h.Reason)
		assert.True(t, h.OK())
		assert.Equal(t, time.Now().Add(20*time.Second), h.NextAttempt)
		assert.Empty(t, r.lines.all())
		assert.Zero(t, r.Stats().Failures)
		assert.Equal(t, uint64(2), r.Stats().Throttles)
		sleep(time.Minute)
		assert.Equal(t, []float64{0, 30, 60, 62}, r.server.times(), "the backoff did not grow meanwhile")
	})
}

func TestThrottleByALaterAnswerOfTheSameWindowIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.FlushSize, cfg.MaxInFlight = 10, 2
		r := start(t, cfg, script(ok, down, reply{status: 429, header: http.Header{"Retry-After": {"100"}}, after: time.Second}))
		r.log.add(30)
		sleep(3 * time.Minute)
		assert.Equal(t, []float64{0, 0, 0, 101, 101}, r.server.times()[:5])
	})
}

func TestHoldKeepsEverythingProbesSlowlyAndResumes(t *testing.T) {
	for _, code := range []int{401, 402, 403, 404, 405, 415, 400, 422, 413, 307, 101} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var fixed atomic.Bool
				r := start(t, small(), func(call) reply {
					if fixed.Load() {
						return ok
					}
					return status(code)
				})
				r.log.add(30)
				sleep(61 * time.Second)
				r.Nudge() // It does not help: nobody fixed anything.
				sleep(89 * time.Second)
				assert.Equal(t, []float64{0, 60, 120}, r.server.times())
				h := r.Health()
				assert.Equal(t, PhaseHold, h.Phase)
				assert.False(t, h.OK())
				assert.Contains(t, h.Reason, fmt.Sprint(code))
				assert.Equal(t, 3, h.FailedAttempts)
				assert.Zero(t, r.store.head())
				fixed.Store(true)
				sleep(time.Minute)
				assert.Equal(t, wal.Offset(30), r.store.head())
				assert.Equal(t, PhaseIdle, r.Health().Phase)
				assert.True(t, r.Health().OK())
				assert.Len(t, r.lines.all(), 2)
			})
		})
	}
}

func TestPartialSuccessHoldsAsLongAsThereAreNoDeadLetters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		reject := reply{status: 200, header: http.Header{"Content-Type": {protobuf}}, body: "\x0a\x0b\x08\x03\x12\x07no quo\x1b"}
		r := start(t, exact(), script(reject))
		r.log.add(1000)
		sleep(59 * time.Second)
		h := r.Health()
		assert.Equal(t, PhaseHold, h.Phase)
		assert.Equal(t, "records rejected by the server", h.Reason)
		assert.Equal(t, "no quo", h.Message, "untrusted text is made printable")
		assert.Zero(t, r.store.head())
		sleep(time.Minute)
		assert.Equal(t, wal.Offset(1000), r.store.head())
	})
}

func TestStrictOTLPHoldsWhatItMayNotRetry(t *testing.T) {
	for code, wait := range map[int]float64{408: 60, 425: 60, 500: 60, 501: 60, 507: 60, 502: 2, 503: 2, 504: 2} {
		bubble(t, func(t *testing.T) {
			cfg := exact()
			cfg.Retry.StrictOTLP = true
			r := start(t, cfg, script(status(code)))
			r.log.add(1000)
			sleep(2 * time.Minute)
			assert.Equal(t, []float64{0, wait}, r.server.times(), code)
		})
	}
}

func TestEvictedRecordsAreCutFromABatchThatWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.Compression = CompressionNone
		r := start(t, cfg, script(down, down))
		r.log.add(1000)
		sleep(time.Second)
		r.log.evict(400)
		sleep(time.Minute)
		calls := r.server.got()
		require.Len(t, calls, 3)
		require.Len(t, calls[1].offsets, 600)
		assert.Equal(t, wal.Offset(401), calls[1].offsets[0])
		assert.Equal(t, calls[1].body, calls[2].body)
		assert.Contains(t, string(calls[0].body), string(calls[1].body[len(calls[1].body)-600*10:]), "the same record bytes in the same order (S2)")
		assert.Equal(t, wal.Offset(1000), r.store.head())
		assert.Equal(t, uint64(400), r.store.cp.Evicted)
		assert.Equal(t, uint64(600), r.store.cp.Delivered())
	})
}

func TestBatchThatIsEvictedWhollyIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := small()
		r := start(t, cfg, func(c call) reply {
			if c.n < 7 && c.offsets[0] > 30 {
				return reply{status: 503, after: 10 * time.Millisecond}
			}
			return reply{status: 200, after: 10 * time.Millisecond}
		})
		r.log.add(70) // 1 | 11 21 | 31 41 51 61 fail
		sleep(time.Second)
		r.log.evict(55)
		sleep(time.Minute)
		assert.Equal(t, []wal.Offset{56, 57, 58, 59, 60}, r.server.got()[7].offsets)
		assert.Equal(t, wal.Offset(70), r.store.head())
		assert.Equal(t, uint64(25), r.store.cp.Evicted)
		r.log.add(10)
		sleep(time.Minute)
		assert.Equal(t, wal.Offset(80), r.store.head())
	})
}

// Batches that were delivered early wait for the one before them. When that is
// evicted nothing else may happen for a long time, and they are acked all the same.
func TestEvictionOfTheFirstBatchSettlesWithTheOnesBehindIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, small(), func(c call) reply {
			if c.offsets[0] == 11 {
				return down
			}
			return reply{status: 200, after: 10 * time.Millisecond}
		})
		r.log.add(30)
		sleep(time.Second)
		require.Equal(t, wal.Offset(10), r.store.head())
		require.Len(t, r.server.got(), 3)
		r.log.evict(20)
		sleep(1100 * time.Millisecond)
		assert.Equal(t, wal.Offset(30), r.Stats().Acked)
		assert.Len(t, r.server.got(), 3)
	})
}

// Everything that failed is evicted and nothing is left to probe with: the next
// records are the probe. They must not wait for ever.
func TestSenderGoesOnAfterAllThatFailedIsEvicted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), script(down))
		r.log.add(1000)
		sleep(time.Second)
		r.log.evict(1000)
		sleep(time.Minute)
		require.Len(t, r.server.got(), 1)
		r.log.add(1000)
		synctest.Wait()
		assert.Equal(t, []float64{0, 61}, r.server.times())
		assert.Equal(t, wal.Offset(2000), r.store.head())
	})
}

// A cap below the batch size evicts all the time. What is left is sent all the same.
func TestConstantEvictionDoesNotPutOffTheInterval(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		for i := range 60 {
			r.log.add(50)
			if i > 0 {
				r.log.evict(wal.Offset(50 * i))
			}
			sleep(500 * time.Millisecond)
		}
		assert.GreaterOrEqual(t, len(r.server.got()), 5)
	})
}

func TestEvictedInFlightIsDeliveredAfterAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(reply{status: 200, after: 2 * time.Second}))
		r.log.add(1000)
		sleep(time.Second)
		r.log.evict(700)
		sleep(2 * time.Second)
		assert.Equal(t, uint64(1000), r.store.cp.Delivered())
	})
}
