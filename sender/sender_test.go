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

func TestRecordIsSentAtTheIntervalAfterItsAdmission(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.log.add(1)
		sleep(3 * time.Second)
		r.log.add(2) // Younger ones do not put it off.
		sleep(10 * time.Second)
		require.Equal(t, []float64{5}, r.server.times())
		assert.Equal(t, []wal.Offset{1, 2, 3}, r.server.got()[0].offsets)

		r.log.add(1)
		sleep(20 * time.Second)
		assert.Equal(t, []float64{5, 18}, r.server.times(), "the interval counts anew for the next batch")
		assert.Equal(t, wal.Offset(4), r.store.head())
	})
}

func TestFullBatchIsSentAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.log.add(999)
		sleep(2 * time.Second)
		require.Empty(t, r.server.times())
		r.log.add(1)
		synctest.Wait()
		require.Equal(t, []float64{2}, r.server.times())
		assert.Len(t, r.server.got()[0].offsets, 1000)
	})
}

func TestBatchOfEnoughBytesIsSentAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.MaxBatchBytes = 10_000
		r := start(t, cfg, always(ok))
		r.log.addSized(10, 989, 1) // 1000 bytes each
		synctest.Wait()
		require.Equal(t, []float64{0}, r.server.times())
		r.log.addSized(1, 50_000, 1)
		synctest.Wait()
		require.Len(t, r.server.got(), 2, "a record larger than a batch goes alone")
	})
}

func TestBacklogGoesInFullBatches(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.log.add(5000)
		synctest.Wait()
		calls := r.server.got()
		require.Len(t, calls, 5)
		for _, c := range calls {
			assert.Len(t, c.offsets, 1000)
		}
		assert.Equal(t, wal.Offset(5000), r.store.head())
	})
}

func TestBatchHasOneResource(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.Resource = func(id uint32) []byte { return []byte{0x0a, 3, 'r', 'e', byte('0' + id)} }
		cfg.Compression = CompressionNone
		r := start(t, cfg, always(ok))
		r.log.addSized(3, 0, 1)
		r.log.addSized(2, 0, 2)
		sleep(5 * time.Second)
		calls := r.server.got()
		require.Len(t, calls, 2)
		assert.Equal(t, []wal.Offset{1, 2, 3}, calls[0].offsets)
		assert.Contains(t, string(calls[0].body), "re1")
		assert.Equal(t, []wal.Offset{4, 5}, calls[1].offsets)
		assert.Contains(t, string(calls[1].body), "re2")
	})
}

func TestSenderBeginsBehindTheHead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		log := newFakeLog(t)
		log.add(10)
		log.head = 4
		server := newFakeServer(always(ok))
		cfg := exact()
		cfg.HTTPClient = clientOf(server)
		s, err := New(log, &fakeStore{}, cfg)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		require.NoError(t, s.Run(ctx))
		require.Len(t, server.got(), 1)
		assert.Equal(t, []wal.Offset{5, 6, 7, 8, 9, 10}, server.got()[0].offsets)
	})
}

func TestOneRequestInFlightKeepsTheOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.MaxInFlight, cfg.FlushSize = 1, 10
		r := start(t, cfg, func(c call) reply {
			switch c.n % 3 {
			case 0:
				return down
			case 1:
				return reply{err: errors.New("reset"), lost: true, after: time.Second}
			}
			return reply{status: 200, after: 100 * time.Millisecond}
		})
		r.log.add(200)
		sleep(time.Hour)
		var first []wal.Offset // in the order in which the server had them first
		seen := map[wal.Offset]bool{}
		for _, c := range r.server.got() {
			for _, o := range c.offsets {
				if !seen[o] {
					seen[o] = true
					first = append(first, o)
				}
			}
		}
		require.Len(t, first, 200)
		assert.IsIncreasing(t, first)
		assert.Equal(t, 1, r.server.most())
		assert.Equal(t, wal.Offset(200), r.store.head())
	})
}

// What is delivered early is settled early, and the head moves over it when what is
// before it has arrived.
func TestHeadIsContiguousWhateverTheOrderOfAnswersS1(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := small()
		r := start(t, cfg, func(c call) reply {
			if c.offsets[0] == 31 {
				return reply{status: 200, after: 10 * time.Second}
			}
			return reply{status: 200, after: time.Second}
		})
		r.log.add(100) // Batches 1 | 11, 21 | 31, 41, 51 | ... as the window opens.
		sleep(9 * time.Second)
		require.Equal(t, wal.Offset(30), r.store.head(), "41 and later are delivered, and wait for 31")
		require.Greater(t, len(r.server.got()), 4)
		sleep(time.Minute)
		assert.Equal(t, wal.Offset(100), r.store.head())
		assert.Len(t, r.log.ackedBatches(), 10)
	})
}

func TestWindowGrowsFromOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := small()
		r := start(t, cfg, always(reply{status: 200, after: time.Second}))
		r.log.add(200)
		sleep(time.Minute)
		assert.Equal(t, []float64{0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}, r.server.times()[:11], "1, 2, 4 at once")
		assert.Equal(t, 4, r.server.most())
	})
}

func TestNothingIsAckedWithoutA2xxS1(t *testing.T) {
	for _, code := range []int{199, 300, 304, 400, 401, 404, 408, 413, 422, 429, 500, 503, 999} {
		bubble(t, func(t *testing.T) {
			r := start(t, exact(), always(status(code)))
			r.log.add(10)
			sleep(10 * time.Minute)
			assert.NotEmpty(t, r.server.got(), code)
			assert.Empty(t, r.log.ackedBatches(), code)
			assert.Zero(t, r.store.head(), code)
		})
	}
}

func TestEveryAttemptCarriesTheSameBytesS2(t *testing.T) {
	for _, compression := range []string{CompressionGzip, CompressionNone} {
		bubble(t, func(t *testing.T) {
			cfg := exact()
			cfg.Compression = compression
			r := start(t, cfg, script(down, refused, status(401), retryAfter(429, "7"), status(408), status(400)))
			r.log.add(10)
			sleep(time.Minute)
			r.log.add(10) // They come later and do not change the batch.
			sleep(10 * time.Minute)
			calls := r.server.got()
			require.Len(t, calls, 8)
			for _, c := range calls[1:7] {
				assert.Equal(t, calls[0].body, c.body)
			}
			assert.NotEqual(t, calls[0].body, calls[7].body)
			assert.Equal(t, uint64(6), r.Stats().Retries)
			assert.Equal(t, uint64(60), r.Stats().Resent)
		})
	}
}

func TestNewRefusesABadConfigurationWithEveryField(t *testing.T) {
	_, err := New(newFakeLog(t), &fakeStore{}, Config{
		URL: "ftp://x", APIKey: "se cret", FlushSize: -1, FlushInterval: -1, MaxBatchBytes: -1, MaxInFlight: -1,
		Compression: "zstd", Timeout: -1, RateLimit: RateLimit{Use: 2},
		Retry: Retry{Initial: 1, Max: -1, Multiplier: 0.5, Jitter: 1},
	})
	require.Error(t, err)
	for _, field := range []string{
		"URL", "APIKey", "FlushSize", "FlushInterval", "MaxBatchBytes", "MaxInFlight", "Compression",
		"Timeout", "Use", "Initial", "Max", "Multiplier", "Jitter",
	} {
		assert.ErrorContains(t, err, field)
	}
	assert.NotContains(t, err.Error(), "se cret")
	for _, url := range []string{"", "://", "/v1/logs", "http://", "https://user:hunter2@host/"} {
		_, err := New(newFakeLog(t), &fakeStore{}, Config{URL: url})
		require.ErrorContains(t, err, "URL", url)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestRunMayBeCalledOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		assert.ErrorContains(t, r.Run(t.Context()), "already called")
		require.NoError(t, r.stop())
		assert.Error(t, r.Run(t.Context()))
	})
}

func TestFailedReadIsTriedAgainAndShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.log.fail(errors.New("input/output error"))
		r.log.add(1000)
		sleep(12 * time.Second)
		assert.Equal(t, "input/output error", r.Health().ReadError)
		assert.False(t, r.Health().OK())
		assert.LessOrEqual(t, r.log.reads, 4, "it does not spin")
		r.log.fail(nil)
		sleep(5 * time.Second)
		assert.Equal(t, wal.Offset(1000), r.store.head())
		assert.Empty(t, r.Health().ReadError)
		assert.Len(t, r.lines.all(), 2)
	})
}
