package sender

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// meter is a server that notes when how many records came.
type meter struct {
	mu    sync.Mutex
	at    []time.Time
	count []int
	reply func(n int) reply
}

func (m *meter) answer(c call) reply {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at, m.count = append(m.at, time.Now()), append(m.count, len(c.offsets))
	if m.reply != nil {
		return m.reply(len(m.at) - 1)
	}
	return ok
}

// most returns how many requests and records came within any window of a length, from the
// request with a number on.
func (m *meter) most(window time.Duration, from int) (requests, records int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first, sum := from, 0
	for i := from; i < len(m.at); i++ {
		sum += m.count[i]
		for m.at[i].Sub(m.at[first]) >= window {
			sum -= m.count[first]
			first++
		}
		requests, records = max(requests, i-first+1), max(records, sum)
	}
	return requests, records
}

func (m *meter) total() (records int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.count {
		records += n
	}
	return records
}

func limitHeaders(minute, hour string) http.Header {
	return http.Header{"X-Ratelimit-Limit-Minute": {minute}, "X-Ratelimit-Limit-Hour": {hour}}
}

// No window sees more than nine tenths of a limit: not by what the user says, nor by what
// the server does, nor over restarts, whether the process could say goodbye or not.
func TestNoWindowSeesMoreThanItsLimitOverRestarts(t *testing.T) {
	type limits struct{ requestsMinute, requestsHour, recordsMinute, recordsHour int }
	for name, tt := range map[string]struct {
		asked  RateLimit
		reply  func(n int) reply
		limits limits
		from   int // the request from which on it is known
	}{
		"asked, requests": {RateLimit{RequestsPerMinute: 20, RequestsPerHour: 300}, nil, limits{20, 300, 0, 0}, 0},
		"asked, records":  {RateLimit{RecordsPerMinute: 500, RecordsPerHour: 9000}, nil, limits{0, 0, 500, 9000}, 0},
		"one a minute":    {RateLimit{RequestsPerMinute: 1, RequestsPerHour: -1}, nil, limits{2, 0, 0, 0}, 0},
		"by headers": {
			RateLimit{},
			func(int) reply { return reply{status: 200, header: limitHeaders("30", "400")} },
			limits{30, 400, 0, 0},
			1,
		},
		"by a 429 without them": {
			RateLimit{},
			func(n int) reply {
				if n == 3 {
					return retryAfter(429, "60") // For the records.
				}
				return reply{status: 200, header: limitHeaders("100", "2000")}
			},
			limits{100, 2000, 100, 2000},
			8,
		},
	} {
		restarts := 25 // More than an hour of them.
		if form.Long() {
			restarts = 40
		}
		for _, killed := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", killed ", killed), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					m := &meter{reply: tt.reply}
					cfg := exact()
					cfg.FlushSize, cfg.RateLimit, cfg.Compression = 50, tt.asked, CompressionNone
					l, st := newFakeLog(t), &fakeStore{}
					l.add(200_000)
					for i := range restarts {
						r := startOver(t, cfg, l, st, m.answer)
						sleep(time.Duration(i*i%7)*time.Minute + time.Duration(i*13%60)*time.Second + 100*time.Millisecond)
						learned := st.Learned() // As a kill leaves it.
						require.NoError(t, r.stop())
						if killed {
							st.mu.Lock()
							st.learned = learned
							st.mu.Unlock()
						}
						if i%5 == 4 {
							sleep(time.Duration(i) * time.Second)
						}
					}
					share := func(limit int) int { return max(1, limit*9/10) }
					minute, minuteRecords := m.most(time.Minute, tt.from)
					hour, hourRecords := m.most(time.Hour, tt.from)
					for _, x := range []struct{ got, limit int }{
						{minute, tt.limits.requestsMinute},
						{hour, tt.limits.requestsHour},
						{minuteRecords, tt.limits.recordsMinute},
						{hourRecords, tt.limits.recordsHour},
					} {
						if x.limit > 0 {
							assert.LessOrEqual(t, x.got, share(x.limit), "%+v", tt.limits)
						}
					}
					if tt.limits.recordsHour > 0 && tt.from == 0 {
						assert.Greater(t, hourRecords, tt.limits.recordsHour/3, "and they are used")
					}
					assert.Positive(t, m.total())
				})
			})
		}
	}
}

// A batch that was made before a limit was known, and is larger than the limit ever lets
// through at once, is sent in parts that keep to it.
func TestBatchMadeBeforeALimitWasKnownKeepsToIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := &meter{reply: func(n int) reply {
			if n == 0 {
				return reply{status: 200, header: limitHeaders("1000", "50000")}
			}
			if n < 3 {
				return retryAfter(429, "60")
			}
			return ok
		}}
		r := start(t, exact(), m.answer)
		r.log.add(10_000)
		sleep(3 * time.Hour)
		assert.Equal(t, wal.Offset(10_000), r.store.head())
		_, records := m.most(time.Minute, 3)
		assert.LessOrEqual(t, records, 900)
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, n := range m.count[3:] {
			assert.LessOrEqual(t, n, 450)
		}
	})
}

// The clock was ahead by years when the limits were used last. Delivery must not wait for
// it to be right again.
func TestClockThatWasAheadDoesNotStopDelivery(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := &meter{}
		st := &fakeStore{learned: Learned{UsedUntil: time.Now().Add(20 * 365 * 24 * time.Hour)}}
		l := newFakeLog(t)
		l.add(5000)
		startOver(t, exact(), l, st, m.answer)
		sleep(10 * time.Minute)
		assert.Equal(t, wal.Offset(5000), st.head())
	})
}

const someSettings = `{"rate_limits":{"requests_per_minute":60,"requests_per_hour":900},"quotas":{"quota_reset_at":"2000-01-02T00:00:00Z"},
	"constraints":{"max_batch_size":100,"max_message_length":500}}`

// withSettings is a server with settings; logs go to the meter.
func withSettings(s func() reply, m *meter) http.RoundTripper {
	logs := newFakeServer(m.answer)
	return trip(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet {
			return logs.RoundTrip(req)
		}
		if req.URL.Path != "/api/v1/settings" || req.Header.Get("Authorization") != "Bearer key" || req.Header.Get("Content-Encoding") != "" {
			return nil, fmt.Errorf("not a request for settings: %v %v", req.URL, req.Header)
		}
		r := s()
		select {
		case <-time.After(r.after):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		if r.err != nil {
			return nil, r.err
		}
		return &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(strings.NewReader(r.body)), Request: req}, nil
	})
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What a server's settings say is kept to, and remembered. An answer that is slow, absurd
// or endless harms nothing: records go out at once all the same.
func TestSettingsAreLearnedAndHarmless(t *testing.T) {
	for name, tt := range map[string]struct {
		answer reply
		want   Learned
	}{
		"settings":    {reply{status: 200, body: someSettings}, Learned{MaxRecords: 100, RequestsPerMinute: 60, RequestsPerHour: 900, RecordsPerMinute: 60, RecordsPerHour: 900}},
		"slow":        {reply{status: 200, body: someSettings, after: time.Hour}, Learned{}},
		"an error":    {reply{err: http.ErrServerClosed}, Learned{}},
		"401":         {reply{status: 401, body: someSettings}, Learned{}},
		"a redirect":  {reply{status: 302, header: http.Header{"Location": {"http://elsewhere.test/"}}}, Learned{}},
		"no JSON":     {reply{status: 200, body: "<html>"}, Learned{}},
		"null":        {reply{status: 200, body: "null"}, Learned{}},
		"huge":        {reply{status: 200, body: strings.Replace(someSettings, "{", `{"x":"`+strings.Repeat("y", 1<<20)+`",`, 1)}, Learned{}},
		"negative":    {reply{status: 200, body: strings.ReplaceAll(someSettings, "60", "-60")}, Learned{MaxRecords: 100, RequestsPerHour: 900, RecordsPerHour: 900}},
		"no number":   {reply{status: 200, body: strings.ReplaceAll(someSettings, "60", `"60"`)}, Learned{}},
		"too large":   {reply{status: 200, body: strings.ReplaceAll(someSettings, "60", "1e300")}, Learned{}},
		"no batch":    {reply{status: 200, body: strings.ReplaceAll(someSettings, "100", "0")}, Learned{}},
		"a bad reset": {reply{status: 200, body: strings.ReplaceAll(someSettings, "2000-01-02T", "9999-99-99X")}, Learned{MaxRecords: 100, RequestsPerMinute: 60, RequestsPerHour: 900, RecordsPerMinute: 60, RecordsPerHour: 900}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := &meter{}
				cfg := exact()
				cfg.LearnLimits, cfg.APIKey, cfg.FlushSize = true, "key", 200
				cfg.HTTPClient = &http.Client{Transport: withSettings(func() reply { return tt.answer }, m)}
				l, st := newFakeLog(t), &fakeStore{}
				s, err := New(l, st, cfg)
				require.NoError(t, err)
				stop := running(t, s)
				l.add(200)
				sleep(time.Second)
				assert.Positive(t, m.total(), "nothing waits for settings")
				sleep(2 * time.Minute)
				l.add(200)
				sleep(30 * time.Minute)
				assert.Equal(t, wal.Offset(400), st.head())
				got := st.Learned()
				got.QuotaReset, got.UsedUntil = time.Time{}, time.Time{}
				assert.Equal(t, tt.want, got)
				if tt.want.MaxRecords > 0 {
					m.mu.Lock()
					assert.LessOrEqual(t, m.count[len(m.count)-1], tt.want.MaxRecords)
					m.mu.Unlock()
				}
				stop()
			})
		})
	}
}
