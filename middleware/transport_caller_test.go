package middleware_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

func TestTheTraceOfTheContextIsSentOn(t *testing.T) {
	traced := func(flags byte) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			tc, _ := ledger.ParseTraceparent(parent)
			tc.Flags = flags
			return ledger.ContextWithTrace(ctx, tc)
		}
	}
	off := []middleware.TransportOption{middleware.WithoutTraceparent()}
	skip := []middleware.TransportOption{middleware.WithTransportSkip(func(*http.Request) bool { return true })}
	other := "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-00"
	tests := []struct {
		name   string
		ctx    func(context.Context) context.Context
		header []string
		opts   []middleware.TransportOption
		want   []string
		same   bool // base gets the very request of the caller
	}{
		{name: "no trace", same: true},
		{name: "trace", ctx: traced(1), want: []string{parent}},
		{name: "not sampled", ctx: traced(0), want: []string{strings.TrimSuffix(parent, "1") + "0"}},
		{name: "flags that nobody defined are cleared", ctx: traced(0xff), want: []string{strings.TrimSuffix(parent, "1") + "3"}},
		{name: "the caller's own header wins", ctx: traced(1), header: []string{other}, want: []string{other}, same: true},
		{name: "turned off", ctx: traced(1), opts: off, same: true},
		{name: "skipped", ctx: traced(1), opts: skip, same: true},
		{name: "the library's own", ctx: func(ctx context.Context) context.Context { return own.Mark(traced(1)(ctx)) }, same: true},
	}
	log := recorded.Open(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := io.NopCloser(strings.NewReader("body"))
			req := request(t, "POST", "http://shop/", body)
			req.Header["Traceparent"] = tt.header
			req.Header.Set("X-Other", "kept")
			if tt.ctx != nil {
				req = req.WithContext(tt.ctx(t.Context()))
			}
			before := req.Header.Clone()
			resp, err := middleware.Transport(log.Client, roundTrip(func(r *http.Request) (*http.Response, error) {
				assert.Equal(t, tt.want, r.Header["Traceparent"])
				assert.Equal(t, "kept", r.Header.Get("X-Other"))
				assert.Equal(t, tt.same, r == req)
				assert.Equal(t, req.Context(), r.Context())
				assert.Same(t, req.URL, r.URL)
				assert.Equal(t, body, r.Body)
				return answering(200)(r)
			}), tt.opts...).RoundTrip(req)
			finish(t, resp, err)
			assert.Equal(t, before, req.Header, "a RoundTripper leaves the caller's request as it is")
		})
	}
}

func TestTheResponseIsTheOneOfBase(t *testing.T) {
	log := recorded.Open(t)
	body := io.NopCloser(strings.NewReader(""))
	want := []*http.Response{
		{StatusCode: 200, Body: http.NoBody},
		{StatusCode: 200},
		{StatusCode: 101, Body: body},
		{StatusCode: 200, Body: body},
	}
	for _, w := range want {
		had := w.Body
		got, err := middleware.Transport(log.Client, roundTrip(func(*http.Request) (*http.Response, error) {
			return w, nil
		})).RoundTrip(request(t, "GET", "http://shop/", nil))
		require.NoError(t, err)
		assert.Same(t, w, got)
		if w != want[3] {
			assert.Equal(t, had, got.Body, "neither an absent body nor a connection is wrapped")
			continue
		}
		_, writer := got.Body.(io.Writer)
		assert.False(t, writer, "what is no connection does not look like one")
		require.NoError(t, got.Body.Close())
	}
	log.Wait(t, len(want))
}

func TestWithoutAClientTheTransportIsBase(t *testing.T) {
	base := &http.Transport{}
	assert.Same(t, base, middleware.Transport(nil, base))
	assert.NotPanics(t, func() { middleware.Transport(new(ledger.Client), base, nil) }, "a nil option asks for nothing")
	assert.IsType(t, base, middleware.Transport(nil, nil))
	//nolint:forbidigo // That it is not this one is what is looked at.
	assert.NotSame(t, http.DefaultTransport, middleware.Transport(nil, nil))
}

func TestANilBaseIsATransportThatClosesItsIdleConnections(t *testing.T) {
	log := recorded.Open(t)
	gone := make(chan struct{}, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			gone <- struct{}{}
		}
	}
	s.Start()
	defer s.Close()
	c := &http.Client{Transport: middleware.Transport(log.Client, nil)}
	resp, err := c.Do(request(t, "GET", s.URL, nil))
	finish(t, resp, err)
	c.CloseIdleConnections()
	select {
	case <-gone:
	case <-time.After(time.Minute):
		assert.Fail(t, "the connection is still open")
	}

	without := &http.Client{Transport: middleware.Transport(log.Client, answering(200))}
	without.CloseIdleConnections() // has nothing to close, and does not panic
}

func TestOptionsOfATransport(t *testing.T) {
	log := recorded.Open(t)
	rt := middleware.Transport(log.Client, answering(404),
		middleware.WithTransportSkip(func(r *http.Request) bool { return r.URL.Path == "/health" }),
		middleware.WithTransportLevel(func(req *http.Request, resp *http.Response, err error) slog.Level {
			assert.NoError(t, err)
			if req.Method == http.MethodGet && resp.StatusCode == http.StatusNotFound {
				return slog.LevelDebug
			}
			return slog.LevelError
		}),
		middleware.WithTransportRedact("email"), middleware.WithTransportRedact("Phone"))
	for _, path := range []string{"/health", "/x?email=a&phone=b&page=3"} {
		resp, err := rt.RoundTrip(request(t, "GET", "http://shop"+path, nil))
		finish(t, resp, err)
	}
	r := log.One(t)
	assert.Equal(t, slog.LevelDebug, r.Level)
	assert.Equal(t, "http://shop/x?email=REDACTED&phone=REDACTED&page=3", r.Values["url.full"])
}

// late is a RoundTripper that is known only after the client that uses it.
type late struct {
	to atomic.Pointer[http.RoundTripper]
}

func (l *late) RoundTrip(r *http.Request) (*http.Response, error) { return (*l.to.Load()).RoundTrip(r) }

// A client that delivers through a transport that is recorded in itself would have
// something to deliver for ever (S3).
func TestAClientThatDeliversThroughItsOwnTransportComesToRest_S3(t *testing.T) {
	var posts atomic.Int64
	s := remote(t, false, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		posts.Add(1)
	})
	through := &late{}
	c, err := ledger.Open(ledger.Config{
		Dir: filepath.Join(t.TempDir(), "ledger"), Endpoint: s.URL, FlushInterval: time.Millisecond, SyncEvery: time.Millisecond,
		HTTPClient: &http.Client{Transport: through}, LearnLimits: true,
	})
	require.NoError(t, err)
	defer c.Close()
	var asked atomic.Int64
	rt := middleware.Transport(c, s.Client().Transport, middleware.WithTransportSkip(func(*http.Request) bool {
		asked.Add(1)
		return false
	}))
	through.to.Store(&rt)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range 5 {
		c.Info(ctx, "one more")
		require.NoError(t, c.Flush(ctx))
		assert.Equal(t, uint64(i+1), c.Stats().Accepted, "its own requests make no records")
	}
	assert.GreaterOrEqual(t, posts.Load(), int64(5))
	assert.Zero(t, asked.Load(), "nor are they anybody's business")

	resp, err := (&http.Client{Transport: rt}).Do(request(t, "GET", s.URL, nil))
	finish(t, resp, err)
	assert.Equal(t, uint64(6), c.Stats().Accepted, "the application's do")
}
