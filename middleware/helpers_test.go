package middleware

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

func TestMain(m *testing.M) {
	// httptest's server keeps its serving goroutine until Close, which every test
	// calls; what is left after that is ours.
	goleak.VerifyTestMain(m)
}

// taken is a record as the client got it.
type taken struct {
	ledger.Record
	ctx   context.Context
	attrs map[string]any
}

// capture is a recorder that keeps the records.
type capture struct {
	mu      sync.Mutex
	records []taken
	arrived chan struct{} // one token per record
	err     error         // what Log answers
	before  func()        // runs first in Log, if set
}

func newCapture() *capture { return &capture{arrived: make(chan struct{}, 1000)} }

func (c *capture) Log(ctx context.Context, r ledger.Record) error {
	if c.before != nil {
		c.before()
	}
	r.Attrs, _ = otlp.Flatten(nil, "", r.Attrs) // as the client does; the middleware takes them back
	t := taken{Record: r, ctx: ctx, attrs: map[string]any{}}
	for _, a := range r.Attrs {
		if _, twice := t.attrs[a.Key]; twice {
			return errors.New("capture: attribute given twice: " + a.Key)
		}
		t.attrs[a.Key] = a.Value.Any()
	}
	c.mu.Lock()
	c.records = append(c.records, t)
	c.mu.Unlock()
	c.arrived <- struct{}{}
	return c.err
}

// one waits for a record and requires that it is the only one (M1).
func (c *capture) one(t *testing.T) taken {
	t.Helper()
	select {
	case <-c.arrived:
	case <-time.After(time.Minute):
		require.Fail(t, "no record")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Len(t, c.records, 1)
	return c.records[0]
}

// protocol is one of the two that net/http serves.
type protocol struct {
	name    string
	version string
	http2   bool
}

// onBoth runs test on HTTP/1.1 and on HTTP/2.
func onBoth(t *testing.T, test func(t *testing.T, p protocol)) {
	t.Helper()
	for _, p := range []protocol{{"http1", "1.1", false}, {"http2", "2", true}} {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

// serve starts a server of this protocol.
func (p protocol) serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	return web.Start(t, h, p.http2)
}

// get answers a GET with its status and body.
func get(t *testing.T, s *httptest.Server, path string) (int, string) {
	t.Helper()
	return web.Server{URL: s.URL, Client: s.Client()}.Get(t, path)
}

// direct runs one request through the middleware without a server.
func direct(h http.HandlerFunc, r *http.Request, opts ...Option) *capture {
	c := newCapture()
	wrap(c, opts...)(h).ServeHTTP(httptest.NewRecorder(), r)
	return c
}

func nothing(http.ResponseWriter, *http.Request) {}

// wrap is New for a recorder of records.
func wrap(log exchange.Logger, opts ...Option) func(http.Handler) http.Handler {
	return newRecorder(log, opts...).Wrap
}
