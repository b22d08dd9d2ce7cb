package sender

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// most returns the largest sum of n over any window, open at its end, that a
// server could count.
func most(at []time.Duration, n []int, window time.Duration) int {
	best, sum, first := 0, 0, 0
	for i := range at {
		sum += n[i]
		for at[i]-at[first] >= window {
			sum -= n[first]
			first++
		}
		best = max(best, sum)
	}
	return best
}

func TestLimiterNeverExceedsAnyWindow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		limit RateLimit
		batch int
		run   time.Duration
	}{
		{RateLimit{}, 1, 75 * time.Minute},
		{RateLimit{RequestsPerMinute: 1, RequestsPerHour: -1}, 1, time.Hour},
		{RateLimit{RequestsPerMinute: 2, RequestsPerHour: 10}, 1, 6 * time.Hour},
		{RateLimit{RequestsPerMinute: 10, RequestsPerHour: 100, Use: 1}, 1, 6 * time.Hour},
		{RateLimit{RequestsPerMinute: -1, RequestsPerHour: 1}, 1, 6 * time.Hour},
		{RateLimit{RequestsPerMinute: 7, RequestsPerHour: 33, Use: 0.33}, 1, 6 * time.Hour},
		{RateLimit{RecordsPerMinute: 1000, RecordsPerHour: 50_000}, 1000, 3 * time.Hour},
		{RateLimit{RecordsPerMinute: 1, RecordsPerHour: 1000}, 1000, 3 * time.Hour},
		{RateLimit{RecordsPerMinute: 100_000, RecordsPerHour: 150_000}, 1000, 6 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%+v", tt.limit), func(t *testing.T) {
			r := tt.limit.withDefaults()
			require.NoError(t, r.Validate())
			l := newLimiter(r, time.Time{})
			batch := tt.batch
			if l.maxRecords > 0 {
				batch = min(batch, l.maxRecords)
			}
			var at []time.Duration
			var requests, records []int
			begin, now := testNow, testNow
			for steps := 0; now.Sub(begin) < tt.run; steps++ {
				if steps > 1_000_000 {
					t.Fatal("it spins")
				}
				if wait := l.wait(now, batch); wait > 0 {
					now = now.Add(wait)
					continue
				}
				l.take(now, batch)
				at, requests, records = append(at, now.Sub(begin)), append(requests, 1), append(records, batch)
			}
			for _, c := range []struct {
				limit  int
				window time.Duration
				n      []int
			}{
				{r.RequestsPerMinute, time.Minute, requests},
				{r.RequestsPerHour, time.Hour, requests},
				{r.RecordsPerMinute, time.Minute, records},
				{r.RecordsPerHour, time.Hour, records},
			} {
				if c.limit > 0 {
					allowed := max(1, int(r.Use*float64(c.limit)))
					assert.LessOrEqual(t, most(at, c.n, c.window), allowed)
				}
			}
			// The tightest limit is used up well, not only kept.
			tightest := math.Inf(1)
			for _, c := range []struct {
				limit  int
				window time.Duration
				each   int
			}{{r.RequestsPerMinute, time.Minute, 1}, {r.RequestsPerHour, time.Hour, 1}, {r.RecordsPerMinute, time.Minute, batch}, {r.RecordsPerHour, time.Hour, batch}} {
				if c.limit > 0 {
					allowed := math.Max(1, math.Floor(r.Use*float64(c.limit)))
					tightest = min(tightest, allowed/float64(c.each)*float64(tt.run)/float64(c.window))
				}
			}
			assert.GreaterOrEqual(t, float64(len(at)), 0.45*tightest)
		})
	}
}

func TestNoLimit(t *testing.T) {
	l := newLimiter(RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1, RecordsPerMinute: -1, RecordsPerHour: -1}.withDefaults(), time.Time{})
	for range 10_000 {
		require.Zero(t, l.wait(testNow, 1000))
		l.take(testNow, 1000)
	}
}

// The same from outside: the server's clock and the server's count.
func TestServerCountsNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		cfg := small()
		cfg.RateLimit = RateLimit{RequestsPerMinute: 60, RequestsPerHour: 1000, RecordsPerMinute: 300}
		r := start(t, cfg, func(c call) reply {
			if c.n > 20 && c.n%7 == 3 { // Retries count, too.
				return reply{status: 503, after: 10 * time.Millisecond}
			}
			return reply{status: 200, after: 10 * time.Millisecond}
		})
		r.log.add(10_000)
		sleep(time.Second)
		assert.Equal(t, PhaseSending, r.Health().Phase)
		sleep(2 * time.Hour)
		var at []time.Duration
		var requests, records []int
		for _, c := range r.server.got() {
			at, requests, records = append(at, c.at), append(requests, 1), append(records, len(c.offsets))
		}
		assert.LessOrEqual(t, most(at, requests, time.Minute), 54)
		assert.LessOrEqual(t, most(at, requests, time.Hour), 900)
		assert.LessOrEqual(t, most(at, records, time.Minute), 270)
		assert.Equal(t, wal.Offset(10_000), r.store.head())
	})
}

func TestBatchFitsTheRecordsLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := exact()
		cfg.RateLimit = RateLimit{RecordsPerMinute: 100}
		r := start(t, cfg, always(ok))
		r.log.add(45)
		sleep(time.Millisecond)
		require.Len(t, r.server.got(), 1, "45 is a full batch: half of 90% of 100")
		r.log.add(400)
		sleep(10 * time.Minute)
		for _, c := range r.server.got() {
			assert.LessOrEqual(t, len(c.offsets), 45)
		}
		assert.Equal(t, wal.Offset(445), r.store.head())
	})
}

func TestLingerCountsFromTheAgeAndThenByTheMonotonicClock(t *testing.T) {
	l := linger{records: 1000, bytes: 1 << 20, interval: 5 * time.Second}
	at := func(age time.Duration) wal.Backlog {
		return wal.Backlog{Records: 1, Bytes: 100, Oldest: testNow.Add(-age)}
	}
	tests := []struct {
		name    string
		backlog wal.Backlog
		want    time.Duration
	}{
		{"just admitted", at(0), 5 * time.Second},
		{"admitted 3 s ago", at(3 * time.Second), 2 * time.Second},
		{"left by an earlier process", at(24 * time.Hour), 0},
		{"the clock was set back: from the future", at(-365 * 24 * time.Hour), 5 * time.Second},
		{"no time at all", wal.Backlog{Records: 1}, 0},
		{"enough records", wal.Backlog{Records: 1000, Oldest: testNow}, 0},
		{"enough bytes", wal.Backlog{Records: 2, Bytes: 1 << 20, Oldest: testNow}, 0},
	}
	for i, tt := range tests {
		due := l.due(tt.backlog, wal.Offset(i+1), testNow)
		assert.Equal(t, testNow.Add(tt.want), due, tt.name)
	}
	first := l.due(at(time.Second), 50, testNow)
	assert.Equal(t, first, l.due(at(-time.Hour), 50, testNow.Add(time.Second)), "what the wall clock does later changes nothing")
	assert.Equal(t, first, l.due(at(time.Hour), 50, testNow.Add(time.Second)))
}

func TestCutKeepsTheBytesOfWhatStays(t *testing.T) {
	batch := func() *wal.Batch {
		b := &wal.Batch{}
		for _, o := range []wal.Offset{3, 4, 7, 9} {
			b.Data = append(b.Data, payload(o, 0)...)
			b.Entries = append(b.Entries, wal.Entry{Offset: o, End: len(b.Data)})
		}
		return b
	}
	tests := []struct {
		head wal.Offset
		want []wal.Offset
	}{
		{0, []wal.Offset{3, 4, 7, 9}},
		{2, []wal.Offset{3, 4, 7, 9}},
		{3, []wal.Offset{4, 7, 9}},
		{5, []wal.Offset{7, 9}},
		{8, []wal.Offset{9}},
		{9, nil},
		{100, nil},
	}
	for _, tt := range tests {
		b := batch()
		assert.Equal(t, len(tt.want) < 4, cut(b, tt.head))
		require.Equal(t, len(tt.want), b.Len(), tt.head)
		for i, o := range tt.want {
			assert.Equal(t, o, b.Entries[i].Offset)
			assert.Equal(t, payload(o, 0), b.Record(i))
		}
		assert.Len(t, b.Data, 10*len(tt.want))
	}
}

func TestEpisodeTellsTheFirstAndTheLast(t *testing.T) {
	var e episode
	assert.False(t, e.end(), "a success without a failure")
	assert.True(t, e.fail(testNow))
	assert.False(t, e.fail(testNow.Add(time.Hour)))
	assert.Equal(t, 2, e.failures)
	assert.True(t, e.end())
	assert.False(t, e.end())

	at := testNow.Add(2 * time.Hour)
	assert.True(t, e.fail(at))
	assert.True(t, e.end())
	assert.False(t, e.fail(at.Add(30*time.Second)), "within the quiet minute")
	assert.False(t, e.end())
	assert.Equal(t, 1, e.hidden)
	assert.False(t, e.fail(at.Add(40*time.Second)))
	assert.True(t, e.fail(at.Add(61*time.Second)), "it lasts")
	assert.True(t, e.end())
}
