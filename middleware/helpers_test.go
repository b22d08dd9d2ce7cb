package middleware

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/ledger"
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
	r.Attrs = slices.Clone(r.Attrs) // the middleware takes them back
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
	case <-time.After(10 * time.Second):
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

// serve starts a server of this protocol. Its error log is discarded: panics are
// raised on purpose.
func (p protocol) serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.EnableHTTP2 = p.http2
	if p.http2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	t.Cleanup(s.Client().CloseIdleConnections)
	return s
}

// get answers a GET with its status and body.
func get(t *testing.T, s *httptest.Server, path string) (int, string) {
	t.Helper()
	resp, err := s.Client().Get(s.URL + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// direct runs one request through the middleware without a server.
func direct(h http.HandlerFunc, r *http.Request, opts ...Option) *capture {
	c := newCapture()
	wrap(c, opts...)(h).ServeHTTP(httptest.NewRecorder(), r)
	return c
}

func nothing(http.ResponseWriter, *http.Request) {}
