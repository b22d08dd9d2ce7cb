package middleware

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

func TestRecordHoldsTheRequestByItsConventionalNames(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		mux := http.NewServeMux()
		mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "created")
		})
		s := p.serve(t, wrap(c)(mux))

		before := time.Now()
		req, err := http.NewRequest(http.MethodPost, s.URL+"/orders/7?token=t", strings.NewReader("four"))
		require.NoError(t, err)
		req.Header.Set("User-Agent", "shopper/1")
		req.Header.Set("X-Request-Id", "r-1")
		resp, err := s.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())

		r := c.one(t)
		assert.Equal(t, "POST /orders/{id} 201", r.Message)
		assert.Equal(t, slog.LevelInfo, r.Level)
		assert.Equal(t, ledger.TypeEndpoint, r.Type)
		assert.Equal(t, ledger.ImportanceStandard, r.Importance)
		assert.WithinRange(t, r.Time, before, time.Now())

		host, port, ok := exchange.SplitAddr(s.Listener.Addr().String())
		require.True(t, ok)
		scheme := map[bool]string{false: "http", true: "https"}[p.http2]
		want := map[string]any{
			"http.request.method":       "POST",
			"http.route":                "/orders/{id}",
			"url.path":                  "/orders/7",
			"url.scheme":                scheme,
			"http.response.status_code": int64(201),
			"http.request.body.size":    int64(4),
			"http.response.body.size":   int64(7),
			"network.peer.address":      "127.0.0.1",
			"client.address":            "127.0.0.1",
			"server.address":            host,
			"server.port":               int64(port),
			"network.protocol.version":  p.version,
			"user_agent.original":       "shopper/1",
			"request.id":                "r-1",
		}
		seconds := r.attrs["http.server.request.duration"].(float64)
		assert.Positive(t, seconds)
		assert.InDelta(t, seconds*1000, r.attrs["ledger.duration_ms"], 1e-6)
		assert.Positive(t, r.attrs["network.peer.port"])
		for _, k := range []string{"http.server.request.duration", "ledger.duration_ms", "network.peer.port"} {
			delete(r.attrs, k)
		}
		assert.Equal(t, want, r.attrs)
	})
}

func TestDurationIsThatOfTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := direct(func(http.ResponseWriter, *http.Request) { time.Sleep(1234567 * time.Microsecond) },
			httptest.NewRequest(http.MethodGet, "/", nil))
		r := c.one(t)
		assert.InDelta(t, 1.234567, r.attrs["http.server.request.duration"], 1e-9)
		assert.InDelta(t, 1234.567, r.attrs["ledger.duration_ms"], 1e-6)
		assert.True(t, r.Time.Equal(time.Now()), "the record's time is the end of the request")
	})
}

func TestMessageNamesAnUnmatchedRequestByItsEscapedPathWithoutQuery(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/a%0Ab%1Bc/d?secret=1", nil)
	c := direct(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, r, WithQuery())
	got := c.one(t)
	assert.Equal(t, "GET /a%0Ab%1Bc/d 404", got.Message)
	assert.Equal(t, "/a%0Ab%1Bc/d", got.attrs["url.path"])
	assert.NotContains(t, got.attrs, "http.route")
}

func TestPathIsTheOneThatArrivedEvenIfTheHandlerRewritesIt(t *testing.T) {
	c := direct(func(_ http.ResponseWriter, r *http.Request) { r.URL.Path = "/rewritten" },
		httptest.NewRequest(http.MethodGet, "/asked", nil))
	assert.Equal(t, "/asked", c.one(t).attrs["url.path"])
}

func TestUnknownMethodsAreCountedAsOne(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	r.Method = "PROPPATCH"
	got := direct(nothing, r).one(t)
	assert.Equal(t, "_OTHER", got.attrs["http.request.method"])
	assert.Equal(t, "PROPPATCH", got.attrs["http.request.method_original"])
	assert.Equal(t, "HTTP /x 200", got.Message)
}

func TestQueryIsRecordedOnlyOnRequestAndRedacted(t *testing.T) {
	req := func() *http.Request { return httptest.NewRequest(http.MethodGet, "/x?page=2&api_key=k&note=n", nil) }
	assert.NotContains(t, direct(nothing, req()).one(t).attrs, "url.query")
	assert.Equal(t, "page=2&api_key=REDACTED&note=n", direct(nothing, req(), WithQuery()).one(t).attrs["url.query"])
	assert.Equal(t, "page=2&api_key=REDACTED&note=REDACTED", direct(nothing, req(), WithQuery("Note")).one(t).attrs["url.query"])
	assert.NotContains(t, direct(nothing, httptest.NewRequest(http.MethodGet, "/x", nil), WithQuery()).one(t).attrs, "url.query")
}

func TestLevelAndErrorTypeFollowTheStatus(t *testing.T) {
	tests := []struct {
		status     int
		level      slog.Level
		importance ledger.Importance
		errorType  any
	}{
		{200, slog.LevelInfo, ledger.ImportanceStandard, nil},
		{304, slog.LevelInfo, ledger.ImportanceStandard, nil},
		{400, slog.LevelWarn, ledger.ImportanceStandard, nil},
		{429, slog.LevelInfo, ledger.ImportanceStandard, nil},
		{499, slog.LevelWarn, ledger.ImportanceStandard, nil},
		{500, slog.LevelError, ledger.ImportanceHigh, "500"},
		{503, slog.LevelError, ledger.ImportanceHigh, "503"},
	}
	for _, tt := range tests {
		t.Run(strconv.Itoa(tt.status), func(t *testing.T) {
			r := direct(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tt.status) },
				httptest.NewRequest(http.MethodGet, "/", nil)).one(t)
			assert.Equal(t, tt.level, r.Level)
			assert.Equal(t, tt.importance, r.Importance)
			assert.Equal(t, tt.errorType, r.attrs["error.type"])
			assert.Equal(t, int64(tt.status), r.attrs["http.response.status_code"])
		})
	}
}

func TestRequestIDComesFromTheRequestOrElseFromTheResponse(t *testing.T) {
	long := strings.Repeat("a", 129)
	tests := []struct {
		name, request, response string
		want                    any
	}{
		{"none", "", "", nil},
		{"of the request", "a-1", "b-2", "a-1"},
		{"of the response", "", "b-2", "b-2"},
		{"longest", long[:128], "", long[:128]},
		{"too long", long, "b-2", "b-2"},
		{"with a space", "a 1", "", nil},
		{"with an escape", "a\x1b[2J", "", nil},
		{"not ASCII", "é", "", nil},
		{"both unfit", long, "b\x7f", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("X-Request-Id", tt.request)
			c := direct(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", tt.response)
			}, r)
			assert.Equal(t, tt.want, c.one(t).attrs["request.id"])
		})
	}
}

func TestAddressesOfPeerAndServer(t *testing.T) {
	tests := []struct {
		name, remote, host             string
		peer, peerPort, server, svPort any
	}{
		{"v4 and name", "192.0.2.1:4711", "shop.example", "192.0.2.1", int64(4711), "shop.example", nil},
		{"v6 with ports", "[2001:db8::1]:99", "[2001:db8::2]:8443", "2001:db8::1", int64(99), "2001:db8::2", int64(8443)},
		{"v6 host alone", "[::1]:1", "[2001:db8::2]", "::1", int64(1), "2001:db8::2", nil},
		{"Unix socket", "@", "shop", nil, nil, "shop", nil},
		{"nothing", "", "", nil, nil, nil, nil},
		{"v6 without brackets", "2001:db8::1", "::1", "2001:db8::1", nil, "::1", nil},
		{"open bracket", "192.0.2.1:1", "[::1", "192.0.2.1", int64(1), "[::1", nil},
		{"colon alone", "192.0.2.1:", "shop:", "192.0.2.1", nil, "shop", nil},
		{"no host", ":80", ":80", nil, nil, nil, nil},
		{"port that is none", "192.0.2.1:http", "shop:99999", "192.0.2.1", nil, "shop", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Host = tt.remote, tt.host
			got := direct(nothing, r).one(t).attrs
			assert.Equal(t, tt.peer, got["network.peer.address"])
			assert.Equal(t, tt.peer, got["client.address"])
			assert.Equal(t, tt.peerPort, got["network.peer.port"])
			assert.Equal(t, tt.server, got["server.address"])
			assert.Equal(t, tt.svPort, got["server.port"])
		})
	}
}

func TestForwardingHeadersAreNotBelieved(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "192.0.2.1:1"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	r.Header.Set("X-Forwarded-Proto", "https")
	got := direct(nothing, r).one(t).attrs
	assert.Equal(t, "192.0.2.1", got["client.address"])
	assert.Equal(t, "http", got["url.scheme"])
}

func TestAnErrorOfLogDoesNotReachTheRequest(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		c.err = errors.New("ledger: closed")
		s := p.serve(t, wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "fine")
		})))
		status, body := get(t, s, "/")
		assert.Equal(t, 200, status)
		assert.Equal(t, "fine", body)
	})
}

func TestARecordIsLoggedBeforeItsResponseIsSent(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		logging, release := make(chan struct{}), make(chan struct{})
		c.before = func() {
			close(logging)
			<-release
		}
		s := p.serve(t, wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "fine")
		})))
		answered := make(chan error, 1)
		go func() {
			resp, err := s.Client().Get(s.URL)
			if err == nil {
				err = resp.Body.Close()
			}
			answered <- err
		}()
		<-logging
		select {
		case <-answered:
			assert.Fail(t, "answered while the record was not logged")
		case <-time.After(50 * time.Millisecond): // long enough for a loopback answer, M8 or not
		}
		close(release)
		require.NoError(t, <-answered)
	})
}

func TestANilClientLeavesTheHandlerAsItIs(t *testing.T) {
	mux := http.NewServeMux()
	assert.Same(t, mux, New(nil)(mux))
}

func TestRecordsOfConcurrentRequestsDoNotMix(t *testing.T) {
	c := newCapture()
	h := wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	done := make(chan struct{})
	const workers, each = 8, 100
	for i := range workers {
		go func() {
			for j := range each {
				r := httptest.NewRequest(http.MethodGet, "/"+strconv.Itoa(i*each+j), nil)
				r.Header.Set("X-Request-Id", r.URL.Path)
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
			done <- struct{}{}
		}()
	}
	for range workers {
		<-done
	}
	require.Len(t, c.records, workers*each)
	seen := map[string]bool{}
	for _, r := range c.records {
		path := r.attrs["url.path"].(string)
		assert.Equal(t, path, r.attrs["request.id"])
		assert.Equal(t, int64(len(path)), r.attrs["http.response.body.size"])
		assert.Equal(t, "GET "+path+" 200", r.Message)
		seen[path] = true
	}
	assert.Len(t, seen, workers*each)
}
