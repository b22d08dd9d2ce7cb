package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// config is one that reacts fast.
func config(t *testing.T, endpoint string) ledger.Config {
	t.Helper()
	return ledger.Config{
		Dir: filepath.Join(t.TempDir(), "ledger"), Endpoint: endpoint, ServiceName: "shop",
		FlushInterval: 20 * time.Millisecond, SyncEvery: 5 * time.Millisecond,
		Retry: sender.Retry{Initial: 10 * time.Millisecond, Max: 50 * time.Millisecond},
	}
}

func open(t *testing.T, cfg ledger.Config) *ledger.Client {
	t.Helper()
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// within returns a context for what must not take long.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func logN(t *testing.T, c *ledger.Client, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
	}
}

func message(i int) string { return fmt.Sprintf("message %06d", i) }

func messages(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, message(i))
	}
	return out
}

// balance checks L2 and W2 and returns the books.
func balance(t *testing.T, c *ledger.Client) ledger.Stats {
	t.Helper()
	s := c.Stats()
	require.Equal(t, s.Accepted, s.Delivered+s.Pending+s.Dead+s.Evicted+s.Lost, "L2: %+v", s)
	require.LessOrEqual(t, s.Acked, s.Synced, "W2")
	require.LessOrEqual(t, s.Synced, s.Last, "W2")
	require.LessOrEqual(t, s.Pending, s.Accepted, "no counter ran below zero")
	return s
}

func TestRecordArrivesWithEverythingItWasLoggedWith(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.APIKey, cfg.ServiceVersion, cfg.Environment = "ledger_secret", "1.2.3", "test"
	c := open(t, cfg)
	ctx := ledger.ContextWithTrace(t.Context(), ledger.TraceContext{TraceID: [16]byte{1}, SpanID: [8]byte{2}, Flags: 1})
	before := time.Now()
	require.NoError(t, c.Log(ctx, ledger.Record{
		Level: slog.LevelWarn, Message: "hello", Importance: ledger.ImportanceHigh,
		Attrs: []slog.Attr{slog.Int("n", 7), slog.Group("g", slog.String("k", "v"))},
	}))
	require.NoError(t, c.Flush(within(t)))

	got := srv.all()
	require.Len(t, got, 1)
	a := got[0]
	assert.Equal(t, "hello", a.body)
	assert.Equal(t, 13, a.record.Severity)
	assert.Equal(t, int64(7), a.attrs["n"])
	assert.Equal(t, "v", a.attrs["g.k"])
	assert.Equal(t, "high", a.attrs["ledger.importance"])
	assert.Len(t, a.id, 32)
	assert.Equal(t, a.id, a.attrs["log.record.uid"])
	assert.Equal(t, [16]byte{1}, a.record.TraceID)
	assert.WithinRange(t, time.Unix(0, a.time), before, time.Now())
	assert.Equal(t, "shop", a.resource["service.name"])
	assert.Equal(t, "1.2.3", a.resource["service.version"])
	assert.Equal(t, "test", a.resource["deployment.environment.name"])
	assert.Equal(t, "Bearer ledger_secret", srv.headers[0].Get("Authorization"))
	assert.Equal(t, "gzip", srv.headers[0].Get("Content-Encoding"))
	s := balance(t, c)
	assert.Equal(t, uint64(1), s.Delivered)
	assert.Zero(t, s.Pending)
	assert.Equal(t, ledger.StatusOK, c.Health().Status)
}

func TestOutageLosesNothing_S1_S2_L2(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.FlushSize = 100
	c := open(t, cfg)
	logN(t, c, 1, 500)
	require.NoError(t, c.Sync(within(t)))
	require.Eventually(t, func() bool { return c.Stats().Delivery.Failures > 1 }, 10*time.Second, time.Millisecond)
	s := balance(t, c)
	assert.Zero(t, s.Delivered, "S1: nothing is acked without a 2xx")
	assert.Equal(t, uint64(500), s.Pending)
	assert.Equal(t, ledger.StatusDegraded, c.Health().Status)

	srv.answer(0)
	logN(t, c, 501, 600)
	require.NoError(t, c.Flush(within(t)))
	got := srv.unique(t)
	assert.Len(t, got, 600)
	s = balance(t, c)
	assert.Equal(t, uint64(600), s.Delivered)

	ids := map[string]int64{}
	for _, a := range srv.seen {
		if at, ok := ids[a.id]; ok {
			assert.Equal(t, at, a.time, "S2: the same time on every attempt")
		}
		ids[a.id] = a.time
	}
	assert.Len(t, ids, 600, "S2: a record has one ID, however often it is sent")
}

func TestOrderIsKeptWithOneRequestInFlight(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.MaxInFlight, cfg.FlushSize = 1, 7
	cfg.RateLimit = sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1}
	c := open(t, cfg)
	logN(t, c, 1, 200)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 200), srv.bodies())
}

// The newest MaxRecords survive, exactly, and the books say how many did not.
func TestCapEvictsTheOldestExactly_L2(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxRecords, cfg.MaxInFlight = 100, 1
	c := open(t, cfg)
	for from := 1; from <= 250; from += 50 {
		logN(t, c, from, from+49)
		require.NoError(t, c.Sync(within(t)))
		s := balance(t, c)
		assert.LessOrEqual(t, s.Pending, uint64(100))
	}
	s := balance(t, c)
	assert.Equal(t, uint64(150), s.Evicted)
	assert.Equal(t, ledger.StatusFailing, c.Health().Status, "records are being lost")

	// What was on its way when it was evicted may arrive. Let that be refused first.
	srv.awaitRequests(t, 2)
	srv.answer(0)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(151, 250), srv.bodies())
	s = balance(t, c)
	assert.Equal(t, uint64(100), s.Delivered)
	assert.Equal(t, uint64(150), s.Evicted)
}

func TestBurstBeyondTheCapIsCountedExactly_L2(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxRecords = 1000
	c := open(t, cfg)
	logN(t, c, 1, 3500)
	s := balance(t, c)
	assert.Equal(t, uint64(3500), s.Accepted)
	require.NoError(t, c.Sync(within(t)))
	assert.LessOrEqual(t, balance(t, c).Pending, uint64(1000))
	srv.answer(0) // What was on its way when it was evicted may arrive, and is booked so.
	require.NoError(t, c.Flush(within(t)))
	got := srv.unique(t)
	s = balance(t, c)
	assert.Equal(t, uint64(len(got)), s.Delivered)
	assert.Equal(t, uint64(3500-len(got)), s.Evicted)
	assert.Contains(t, got, message(3500), "the newest is never the one that goes")
}

func TestBytesCapBoundsTheDisk(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxBytes, cfg.MaxRecords = 1<<20, 1<<20
	cfg.KeepAcked = ledger.Retention{Age: -1}
	c := open(t, cfg)
	text := strings.Repeat("x", 5000)
	for i := range 1000 {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: fmt.Sprint(i, text)}))
		if i%50 == 0 {
			require.NoError(t, c.Sync(within(t)))
		}
	}
	require.NoError(t, c.Sync(within(t)))
	s := balance(t, c)
	assert.LessOrEqual(t, s.PendingBytes, int64(1<<20))
	assert.Greater(t, s.Pending, uint64(150), "about 200 of 5 KB fit")
	assert.Less(t, s.DiskBytes, int64(2<<20), "evicted segments leave the disk although nothing is acked")
}

func TestAgeCapEvictsWhatHasWaitedTooLong(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.MaxAge = 50 * time.Millisecond
	c := open(t, cfg)
	logN(t, c, 1, 10)
	require.Eventually(t, func() bool { return balance(t, c).Evicted == 10 }, 10*time.Second, 10*time.Millisecond)
}

func TestBooksBalanceAtEveryInstant_L2(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.MaxRecords, cfg.FlushSize = 500, 50
	c := open(t, cfg)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for flip := 0; ; flip++ {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				srv.answer([]int{0, 503}[flip%2])
			}
		}
	})
	var loggers sync.WaitGroup
	for range 4 {
		loggers.Go(func() {
			for i := range 3000 {
				_ = c.Log(t.Context(), ledger.Record{Message: message(i)})
			}
		})
	}
	logged := make(chan struct{})
	go func() { loggers.Wait(); close(logged) }()
	for done := false; !done; {
		select {
		case <-logged:
			done = true
		default:
		}
		balance(t, c)
	}
	close(stop)
	wg.Wait()
	srv.answer(0)
	require.NoError(t, c.Flush(within(t)))
	s := balance(t, c)
	assert.Equal(t, uint64(12000), s.Accepted)
	assert.Zero(t, s.Pending)
	ids := map[string]bool{}
	for _, a := range srv.all() {
		ids[a.id] = true
	}
	assert.Equal(t, uint64(len(ids)), s.Delivered)
}

func TestRestartContinuesWhereItWas_W1_W2_L2(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	c := open(t, cfg)
	logN(t, c, 1, 50)
	require.NoError(t, c.Flush(within(t)))
	srv.answer(http.StatusServiceUnavailable)
	logN(t, c, 51, 80)
	require.NoError(t, c.Close())
	before := balance(t, c)
	assert.Equal(t, uint64(30), before.Pending)

	srv.answer(0)
	c = open(t, cfg)
	assert.Equal(t, before.Accepted, c.Stats().Accepted, "numbering goes on (W1)")
	logN(t, c, 81, 90)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 90), srv.bodies(), "nothing twice after a clean end, nothing missing")
	s := balance(t, c)
	assert.Equal(t, uint64(90), s.Delivered)
}

func TestLostStateIsSetAsideAndCostsOnlyDuplicates_W7(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	c := open(t, cfg)
	logN(t, c, 1, 20)
	require.NoError(t, c.Flush(within(t)))
	srv.answer(http.StatusServiceUnavailable)
	logN(t, c, 21, 30)
	require.NoError(t, c.Close())
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "state.db"), []byte("garbage"), 0o600))

	srv.answer(0)
	c = open(t, cfg)
	require.NoError(t, c.Flush(within(t)))
	assert.Len(t, srv.unique(t), 30)
	assert.Equal(t, "shop", srv.all()[len(srv.all())-1].resource["service.name"])
	balance(t, c)
	assert.Equal(t, ledger.StatusDegraded, c.Health().Status)
	found, err := filepath.Glob(filepath.Join(cfg.Dir, "quarantine", "state.db*"))
	require.NoError(t, err)
	assert.Len(t, found, 1)
}

func TestRecordKeepsTheResourceOfTheProcessThatLoggedIt(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.ServiceVersion = "1"
	c := open(t, cfg)
	logN(t, c, 1, 5)
	require.NoError(t, c.Close())
	cfg.ServiceVersion = "2"
	srv.answer(0)
	c = open(t, cfg)
	logN(t, c, 6, 10)
	require.NoError(t, c.Flush(within(t)))
	for i, a := range srv.all() {
		assert.Equal(t, []string{"1", "2"}[i/5], a.resource["service.version"], a.body)
	}
	assert.Len(t, srv.all(), 10)
}

func TestSecondOpenOfADirectoryIsRefusedByName_W8(t *testing.T) {
	cfg := config(t, newCollector(t).URL)
	open(t, cfg)
	_, err := ledger.Open(cfg)
	require.ErrorIs(t, err, ledger.ErrLocked)
	assert.ErrorContains(t, err, cfg.Dir)
	assert.ErrorContains(t, err, fmt.Sprint(os.Getpid()))
}

func TestOpenNeverTouchesTheNetwork(t *testing.T) {
	cfg := config(t, "http://127.0.0.1:1")
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("no network here")
	})}
	c := open(t, cfg)
	logN(t, c, 1, 3)
	require.NoError(t, c.Sync(within(t)))
	assert.Equal(t, uint64(3), balance(t, c).Pending)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that takes a request and never answers must not be felt by those who log.
func TestLogNeverWaitsForTheNetwork_L1(t *testing.T) {
	release := make(chan struct{})
	cfg := config(t, "http://127.0.0.1:1")
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return nil, errors.New("hung")
	})}
	c := open(t, cfg)
	for i := range 20_000 {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
	}
	assert.Equal(t, uint64(20_000), balance(t, c).Accepted)
	close(release)
}

func TestBeforeSendHasTheLastWord(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.BeforeSend = func(_ context.Context, r *ledger.Record) bool {
		switch r.Message {
		case "drop":
			return false
		case "panic":
			r.Message = "half changed"
			panic("broken hook")
		case "change":
			r.Message = "changed"
		}
		return true
	}
	c := open(t, cfg)
	for _, m := range []string{"keep", "drop", "change", "panic"} {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: m}))
	}
	require.NoError(t, c.Flush(within(t)))
	assert.ElementsMatch(t, []string{"keep", "changed", "panic"}, srv.bodies())
	s := balance(t, c)
	assert.Equal(t, uint64(1), s.Dropped)
	assert.Equal(t, uint64(1), s.HookPanics)
}

func TestSecretsAreNeverStoredNorPrinted(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusUnauthorized)
	var diagnostics syncBuffer
	cfg := config(t, srv.URL)
	cfg.APIKey, cfg.Headers = "ledger_topsecret", map[string]string{"X-Token": "othersecret"}
	cfg.Logger = slog.New(slog.NewTextHandler(&diagnostics, nil))
	c := open(t, cfg)
	logN(t, c, 1, 3)
	require.Eventually(t, func() bool { return c.Health().Status == ledger.StatusFailing }, 10*time.Second, time.Millisecond)
	h, err := json.Marshal(c.Health())
	require.NoError(t, err)
	s, err := json.Marshal(c.Stats())
	require.NoError(t, err)
	printed := fmt.Sprintf("%v %+v %#v %s %s %s", cfg, cfg, cfg, h, s, diagnostics.String())
	require.NoError(t, c.Close())
	assert.NotContains(t, printed, "secret")
	require.NoError(t, filepath.WalkDir(cfg.Dir, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, "%s is the owner's alone", path)
		if d.IsDir() {
			return nil
		}
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.False(t, bytes.Contains(raw, []byte("secret")), path)
		return nil
	}))
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
