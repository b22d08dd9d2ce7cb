package middleware_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness"
	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

// failing serves what goes wrong on the way, by the path of the request.
func failing(w http.ResponseWriter, r *http.Request) {
	hijacked := func() *net.TCPConn {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		return conn.(*net.TCPConn)
	}
	switch r.URL.Path {
	case "/reset":
		conn := hijacked()
		_ = conn.SetLinger(0)
		_ = conn.Close()
	case "/end":
		_ = hijacked().Close()
	case "/hang":
		<-r.Context().Done()
	case "/broken", "/stall":
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "abc")
		w.(http.Flusher).Flush()
		if r.URL.Path == "/stall" {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}
}

// free returns an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	addr, err := harness.FreeAddr()
	require.NoError(t, err)
	return addr
}

func TestACallThatBreaksOffSaysWhy(t *testing.T) {
	refused := "http://" + free(t)
	soon := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 20*time.Millisecond)
	}
	cancelSoon := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		stop := time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("not wanted any more")) })
		return ctx, func() { stop.Stop(); cancel(nil) }
	}
	tests := []struct {
		name, url string
		ctx       func(context.Context) (context.Context, context.CancelFunc)
		timeout   time.Duration // of http.Client
		kind      string
		level     slog.Level
		status    any // if a response came
		size      any // of what came
	}{
		{name: "nobody listens", url: refused, kind: "connection_refused", level: slog.LevelError},
		{name: "connection reset", url: "/reset", kind: "connection_reset", level: slog.LevelError},
		{name: "connection closed", url: "/end", kind: "unexpected_eof", level: slog.LevelError},
		{name: "deadline of the caller", url: "/hang", ctx: soon, kind: "timeout", level: slog.LevelError},
		{name: "timeout of the client", url: "/hang", timeout: 20 * time.Millisecond, kind: "timeout", level: slog.LevelError},
		{name: "the caller gives up", url: "/hang", ctx: cancelSoon, kind: "canceled", level: slog.LevelInfo},
		{name: "body broken off", url: "/broken", kind: "unexpected_eof", level: slog.LevelError, status: int64(200), size: int64(3)},
		{name: "body late", url: "/stall", ctx: soon, kind: "timeout", level: slog.LevelError, status: int64(200), size: int64(3)},
		{name: "body late for the client", url: "/stall", timeout: 20 * time.Millisecond, kind: "timeout", level: slog.LevelError, status: int64(200), size: int64(3)},
		{name: "the caller gives up the body", url: "/stall", ctx: cancelSoon, kind: "canceled", level: slog.LevelInfo, status: int64(200), size: int64(3)},
		{name: "scheme that nobody speaks", url: "gopher://shop/", kind: "error", level: slog.LevelError},
	}
	log := recorded.Open(t)
	s := remote(t, false, failing)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.url[0] == '/' {
				tt.url = s.URL + tt.url
			}
			req := request(t, "GET", tt.url, nil)
			if tt.ctx != nil {
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				req = req.WithContext(ctx)
			}
			c := caller(s, log)
			c.Timeout = tt.timeout
			resp, err := c.Do(req)
			if tt.status != nil {
				require.NoError(t, err)
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			require.Error(t, err)

			r := log.Wait(t, i+1)[i]
			assert.Equal(t, tt.kind, r.Values["error.type"])
			assert.Equal(t, tt.level, r.Level)
			assert.Equal(t, "GET "+req.URL.Host+" "+tt.kind, r.Message)
			assert.Equal(t, ledger.TypeCustom, r.Type)
			assert.Equal(t, tt.status, r.Values["http.response.status_code"])
			assert.Equal(t, tt.size, r.Values["http.response.body.size"])
			if tt.level < slog.LevelError {
				assert.NoError(t, r.Err, "who gives up has not failed")
			} else {
				require.ErrorContains(t, err, r.Err.Error())
				assert.Equal(t, ledger.ImportanceHigh, r.Importance)
			}
		})
	}
}

func TestACertificateThatIsNotTrustedIsNamed(t *testing.T) {
	log := recorded.Open(t)
	s := remote(t, true, failing)
	_, err := middleware.Transport(log.Client, nil).RoundTrip(request(t, "GET", s.URL, nil))
	require.Error(t, err)
	assert.Equal(t, "server_certificate_invalid", log.One(t).Values["error.type"])
}

func TestABaseThatBreaksItsContractIsLeftToItsCaller(t *testing.T) {
	log := recorded.Open(t)
	resp, err := middleware.Transport(log.Client, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, nil //nolint:nilnil // That is the breach.
	})).RoundTrip(request(t, "GET", "http://shop/", nil))
	assert.Nil(t, resp)
	require.NoError(t, err)
	assert.Equal(t, "no_response", log.One(t).Values["error.type"])
}

func TestOddRequestsReachBase(t *testing.T) {
	log := recorded.Open(t)
	sentinel := errors.New("sentinel")
	var got *http.Request
	rt := middleware.Transport(log.Client, roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		return nil, sentinel
	}))
	tc, _ := ledger.ParseTraceparent(parent)
	req := (&http.Request{}).WithContext(ledger.ContextWithTrace(t.Context(), tc)) // neither URL nor header
	_, err := rt.RoundTrip(req)
	require.ErrorIs(t, err, sentinel)
	assert.Same(t, req, got)
	r := log.One(t)
	assert.Equal(t, "GET error", r.Message)
	assert.NotContains(t, r.Values, "url.full")
}

func TestAFaultOfLoggingDoesNotReachTheCall(t *testing.T) {
	log := recorded.Open(t)
	s := remote(t, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") })
	require.NoError(t, log.Client.Close())
	resp, err := caller(s, log).Do(request(t, "GET", s.URL, nil))
	assert.Equal(t, "fine", finish(t, resp, err))
}

func TestOptionsThatPanicChangeNothing(t *testing.T) {
	log := recorded.Open(t)
	rt := middleware.Transport(log.Client, answering(500),
		middleware.WithTransportSkip(func(*http.Request) bool { panic("skip") }),
		middleware.WithTransportLevel(func(*http.Request, *http.Response, error) slog.Level { panic("level") }))
	resp, err := rt.RoundTrip(request(t, "GET", "http://shop/", nil))
	finish(t, resp, err)
	assert.Equal(t, slog.LevelWarn, log.One(t).Level)
}

// A body may be closed by another goroutine than the one that reads it: http.Client
// does so when its Timeout is over.
func TestABodyThatIsClosedWhileItIsReadMakesOneRecord(t *testing.T) {
	log := recorded.Open(t)
	s := remote(t, false, failing)
	resp, err := caller(s, log).Do(request(t, "GET", s.URL+"/stall", nil))
	require.NoError(t, err)
	_, err = io.ReadFull(resp.Body, make([]byte, 3))
	require.NoError(t, err)
	read := make(chan error)
	go func() {
		_, err := resp.Body.Read(make([]byte, 1))
		read <- err
	}()
	require.NoError(t, resp.Body.Close())
	require.Error(t, <-read)
	log.One(t)
}

func TestManyCallsAtOnceDoNotMix(t *testing.T) {
	log := recorded.Open(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", len(r.URL.Path)))
	}))
	defer s.Close()
	c := caller(s, log)
	defer c.CloseIdleConnections()
	const workers, each = 8, 25
	done := make(chan error)
	for w := range workers {
		go func() {
			var err error
			for i := range each {
				resp, e := c.Get(s.URL + "/" + strings.Repeat("y", w*each+i))
				if e == nil {
					_, e = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				err = errors.Join(err, e)
			}
			done <- err
		}()
	}
	for range workers {
		require.NoError(t, <-done)
	}
	seen := map[any]bool{}
	for _, r := range log.Wait(t, workers*each) {
		size := r.Values["http.response.body.size"].(int64)
		assert.Len(t, strings.TrimPrefix(r.Values["url.full"].(string), s.URL), int(size))
		seen[size] = true
	}
	assert.Len(t, seen, workers*each)
}
