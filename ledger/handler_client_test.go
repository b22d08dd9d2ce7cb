package ledger_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// loggingTransport logs every request, as many applications' own do.
type loggingTransport struct {
	log   atomic.Pointer[slog.Logger]
	lines atomic.Int64
}

func (l *loggingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	l.lines.Add(1)
	l.log.Load().With("host", r.URL.Host).WithGroup("http").InfoContext(r.Context(), "request", "path", r.URL.Path)
	return http.DefaultTransport.RoundTrip(r) //nolint:forbidigo // An application's, as it is.
}

// The requests that carry a client's records must not make records (S3): each batch
// would be followed by another, for ever.
func TestAnHTTPClientThatLogsToItsOwnClientDoesNotRecurse(t *testing.T) {
	server := newCollector(t)
	transport := &loggingTransport{}
	transport.log.Store(slog.New(slog.DiscardHandler))
	cfg := config(t, server.URL)
	cfg.HTTPClient = &http.Client{Transport: transport}
	c := open(t, cfg)
	log := slog.New(c.Handler(nil))
	transport.log.Store(log)

	for range 5 {
		log.Info("paid")
		require.NoError(t, c.Flush(within(t)))
	}
	assert.GreaterOrEqual(t, transport.lines.Load(), int64(5), "the requests were logged")
	assert.Equal(t, slices.Repeat([]string{"paid"}, 5), server.bodies())
	assert.Equal(t, uint64(5), c.Stats().Accepted)

	// What the application asks of another server is its own business.
	r, err := http.NewRequestWithContext(within(t), http.MethodGet, server.URL+"/other", http.NoBody)
	require.NoError(t, err)
	resp, err := cfg.HTTPClient.Do(r)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, uint64(6), c.Stats().Accepted)
}

// The race detector is half of this test: loggers grow from one another while they log,
// and every record has its own attributes and no other's.
func TestLoggersGrowWhileTheyLog(t *testing.T) {
	server := newCollector(t)
	c := open(t, config(t, server.URL))
	var scope ledger.Scope
	ctx := ledger.ContextWithScope(context.Background(), &scope)
	root := slog.New(c.Handler(&ledger.HandlerOptions{AddSource: true})).With("root", 1).WithGroup("g")
	var group sync.WaitGroup
	const goroutines, each = 6, 60
	for i := range goroutines {
		group.Go(func() {
			log := root
			for j := range each {
				log = log.With("i", i)
				if j%20 == 0 {
					log = root.With("j", j)
				}
				scope.Add(slog.Int("shared", j))
				log.With("own", i*each+j).InfoContext(ctx, "m", "again", i*each+j, slog.Group("h", "k", i*each+j))
			}
		})
	}
	group.Wait()
	require.NoError(t, c.Flush(within(t)))
	seen := map[any]bool{}
	for _, a := range server.all() {
		own := a.attrs["g.own"]
		seen[own] = true
		assert.Equal(t, own, a.attrs["g.again"])
		assert.Equal(t, own, a.attrs["g.h.k"])
		assert.Equal(t, int64(1), a.attrs["root"])
		assert.Contains(t, a.attrs, "shared")
	}
	assert.Len(t, seen, goroutines*each)
}

// slog's own suite, as the server sees it, with every option on.
func TestHandlerPassesSlogtestThroughTheServer(t *testing.T) {
	server := newCollector(t)
	c := open(t, config(t, server.URL))
	keep := func(_ []string, a slog.Attr) slog.Attr { return a }
	opts := &ledger.HandlerOptions{Level: slog.LevelDebug, AddSource: true, ReplaceAttr: keep}
	slogtest.Run(t,
		func(*testing.T) slog.Handler { return c.Handler(opts) },
		func(t *testing.T) map[string]any {
			require.NoError(t, c.Flush(within(t)))
			all := server.all()
			last := all[len(all)-1]
			m := map[string]any{slog.LevelKey: last.record.SeverityText, slog.MessageKey: last.body}
			if last.time != last.record.Observed {
				m[slog.TimeKey] = last.time
			}
			for key, v := range last.attrs {
				asGroups(m, strings.Split(key, "."), v)
			}
			return m
		})
}

// asGroups undoes what turned groups into dotted keys.
func asGroups(m map[string]any, path []string, v any) {
	for _, group := range path[:len(path)-1] {
		inner, ok := m[group].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[group] = inner
		}
		m = inner
	}
	m[path[len(path)-1]] = v
}
