package ledger_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

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
	require.Eventually(t, func() bool { return c.Stats().Delivery.Failures > 1 }, patience, time.Millisecond)
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
