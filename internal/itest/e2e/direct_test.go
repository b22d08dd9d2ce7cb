package e2e

import (
	"log/slog"
	"math"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func open(t *testing.T, cfg ledger.Config) *ledger.Client {
	t.Helper()
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// The server is killed, the process that logs is killed while the server is away, and
// the next one delivers what both logged.
func TestRecordsArriveInOrderWithOneRequestInFlight(t *testing.T) {
	srv := newServer(t)
	srv.start()
	dir := t.TempDir()
	const second = 10_000
	p := child(t, "sequence", dir, srv.endpoint(), "0")
	_, err := p.WaitLine(within(t, 30*time.Second), "synced 499")
	require.NoError(t, err)
	srv.kill()
	_, err = p.WaitLine(within(t, 30*time.Second), "synced 1199")
	require.NoError(t, err)
	require.NoError(t, p.Kill())
	srv.start()
	p = child(t, "sequence", dir, srv.endpoint(), "10000")
	_, err = p.WaitLine(within(t, 30*time.Second), "delivered")
	require.NoError(t, err)
	<-p.Done()
	require.NoError(t, p.Err())

	var got []int
	for _, r := range distinct(t, srv.records()) {
		got = append(got, number(r))
	}
	assert.True(t, slices.IsSorted(got), "first copies arrive in the order of logging")
	next := slices.Index(got, second)
	require.Positive(t, next)
	assert.GreaterOrEqual(t, next, 1200, "all that the first process had synced")
	assert.Equal(t, span(0, next), got[:next], "without a hole")
	assert.Equal(t, span(second, sequenceLength), got[next:])
}

// span returns n numbers from the first on.
func span(first, n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = first + i
	}
	return s
}

func TestS2ARecordThatIsSentTwiceIsTheSameRecord(t *testing.T) {
	srv := newServer(t)
	srv.failures = 2
	srv.start()
	c := open(t, directConfig(t.TempDir(), srv.endpoint()))
	for n := range 300 {
		require.NoError(t, logNumber(t.Context(), c, n))
	}
	require.NoError(t, c.Flush(within(t, 30*time.Second)))

	all := srv.records()
	unique := distinct(t, all)
	assert.Len(t, unique, 300)
	assert.GreaterOrEqual(t, len(all), 302, "two requests arrived, and were sent again")
	assert.Equal(t, uint64(300), c.Stats().Delivered)
}

// encodings notes how requests are encoded and answered.
type encodings struct {
	http.Transport

	mu   sync.Mutex
	seen map[string]int
}

func (e *encodings) RoundTrip(r *http.Request) (*http.Response, error) {
	encoding := r.Header.Get("Content-Type") + " " + r.Header.Get("Content-Encoding")
	resp, err := e.Transport.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK {
		e.mu.Lock()
		e.seen[encoding]++
		e.mu.Unlock()
	}
	return resp, err
}

func TestTheOfficialReceiverTakesBothEncodings(t *testing.T) {
	for compression, want := range map[string]string{
		"gzip": "application/x-protobuf gzip",
		"none": "application/x-protobuf ",
	} {
		t.Run(compression, func(t *testing.T) {
			srv := newServer(t)
			srv.start()
			e := &encodings{seen: map[string]int{}}
			cfg := directConfig(t.TempDir(), srv.endpoint())
			cfg.Compression, cfg.FlushSize, cfg.HTTPClient = compression, 1000, &http.Client{Transport: e}
			c := open(t, cfg)
			when := time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC)
			for n := range 1000 {
				require.NoError(t, c.Log(t.Context(), ledger.Record{
					Time: when, Level: slog.LevelWarn, Message: "tea, naïve\x00 \xff", Type: ledger.TypeLogger,
					Attrs: []slog.Attr{
						slog.Int("n", n), slog.Bool("bool", true), slog.Float64("float", 1.5),
						slog.Float64("nan", math.NaN()), slog.Duration("duration", time.Second),
						slog.Any("list", []string{"a", "b"}), slog.Any("bytes", []byte{0, 255}),
						slog.Group("group", slog.String("key", "value")), slog.Uint64("large", math.MaxUint64),
					},
				}))
			}
			require.NoError(t, c.Flush(within(t, 30*time.Second)))
			e.CloseIdleConnections()

			records := srv.records()
			require.Len(t, records, 1000)
			for i, r := range records {
				assert.Equal(t, i, number(r))
				assert.Equal(t, when.UnixNano(), r.Time)
				assert.Equal(t, "tea, naïve \uFFFD", r.Body)
			}
			got := records[0].Attrs
			assert.Equal(t, true, got["bool"])
			assert.InDelta(t, 1.5, got["float"], 0)
			assert.Equal(t, "NaN", got["nan"])
			assert.InDelta(t, 1e9, got["duration"], 0)
			assert.Equal(t, []any{"a", "b"}, got["list"])
			assert.Equal(t, "AP8=", got["bytes"])
			assert.Equal(t, "value", got["group.key"])
			assert.Equal(t, "18446744073709551615", got["large"])
			assert.Equal(t, "logger", got["ledger.log_type"])
			assert.Equal(t, []string{want}, keys(e.seen))
		})
	}
}

func keys(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

func TestL2AfterALongOutageTheNewestArriveAndTheRestIsCounted(t *testing.T) {
	srv := newServer(t) // not started
	cfg := directConfig(t.TempDir(), srv.endpoint())
	cfg.MaxRecords, cfg.FlushSize = 1000, 1000
	c := open(t, cfg)
	const logged = 3500
	for n := range logged {
		require.NoError(t, logNumber(t.Context(), c, n))
		if n%500 == 499 {
			require.NoError(t, c.Sync(within(t, time.Minute)))
		}
	}
	// Some of the time a batch is on its way, and fails.
	require.Eventually(t, func() bool { return c.Stats().Delivery.Retries > 0 }, time.Minute, 10*time.Millisecond)
	s := c.Stats()
	assert.Equal(t, uint64(logged), s.Accepted)
	assert.Equal(t, uint64(logged-1000), s.Evicted)
	assert.Equal(t, uint64(1000), s.Pending)

	srv.start()
	require.NoError(t, c.Flush(within(t, 30*time.Second)))
	var got []int
	for _, r := range srv.records() {
		got = append(got, number(r))
	}
	assert.Equal(t, span(logged-1000, 1000), got)
	s = c.Stats()
	assert.Equal(t, uint64(1000), s.Delivered)
	assert.Equal(t, uint64(logged-1000), s.Evicted)
	assert.Zero(t, s.Pending)
	assert.Zero(t, s.Lost)
}
