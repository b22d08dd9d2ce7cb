package middleware_test

import (
	"bufio"
	"context"
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

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

// remote is a server that calls are made to.
func remote(t *testing.T, http2 bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	return web.Start(t, h, http2)
}

// caller returns a client of s whose calls are recorded in log. It follows no redirects.
func caller(s *httptest.Server, log *recorded.Log, opts ...middleware.TransportOption) *http.Client {
	c := *s.Client()
	c.Transport = middleware.Transport(log.Client, c.Transport, opts...)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	return r
}

// finish reads a response to its end.
func finish(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// take removes what cannot be known beforehand from the values, and checks it.
func take(t *testing.T, r recorded.Record) map[string]any {
	t.Helper()
	seconds, _ := r.Values["http.client.request.duration"].(float64)
	assert.Positive(t, seconds)
	assert.InDelta(t, seconds*1000, r.Values["ledger.duration_ms"], 1e-6)
	delete(r.Values, "http.client.request.duration")
	delete(r.Values, "ledger.duration_ms")
	return r.Values
}

func TestACallIsRecordedByItsConventionalNames(t *testing.T) {
	log := recorded.Open(t)
	for i, http2 := range []bool{false, true} {
		s := remote(t, http2, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "created")
		})
		scheme, addr, _ := strings.Cut(s.URL, "://")
		req := request(t, http.MethodPost, scheme+"://jane:hunter2@"+addr+"/a%20b?page=2&api_key=k&X-Amz-Signature=s#part", strings.NewReader("four"))
		before := time.Now()
		resp, err := caller(s, log).Do(req)
		assert.Equal(t, "created", finish(t, resp, err))

		r := log.Wait(t, i+1)[i]
		assert.Equal(t, "POST "+addr+" 201", r.Message)
		assert.Equal(t, slog.LevelInfo, r.Level)
		assert.Equal(t, ledger.TypeCustom, r.Type, "a call is no endpoint that is served")
		assert.Equal(t, "http.client.request", r.EventName)
		assert.WithinRange(t, r.Time, before, time.Now())
		require.NoError(t, r.Err)
		assert.Equal(t, map[string]any{
			"http.request.method":       "POST",
			"url.full":                  scheme + "://" + addr + "/a%20b?page=2&api_key=REDACTED&X-Amz-Signature=REDACTED",
			"server.address":            "127.0.0.1",
			"server.port":               int64(s.Listener.Addr().(*net.TCPAddr).Port),
			"http.response.status_code": int64(201),
			"http.request.body.size":    int64(4),
			"http.response.body.size":   int64(7),
			"network.protocol.version":  map[bool]string{false: "1.1", true: "2"}[http2],
		}, take(t, r))
	}
}

func TestTheRecordOfACallIsMadeWhenItIsOver(t *testing.T) {
	const all = "0123456789"
	serve := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/stream":
			_, _ = io.WriteString(w, all)
			w.(http.Flusher).Flush() // so that there is no length
		default:
			_, _ = io.WriteString(w, all)
		}
	}
	readAll := func(b io.ReadCloser) { _, _ = io.Copy(io.Discard, b) }
	readTwo := func(b io.ReadCloser) { _, _ = io.ReadFull(b, make([]byte, 2)) }
	shut := func(b io.ReadCloser) { _ = b.Close() }
	both := func(b io.ReadCloser) { readAll(b); shut(b); shut(b) }
	tests := []struct {
		name, method, path string
		use                func(io.ReadCloser) // nil: the record is there before
		size               any
	}{
		{"there is no body", "GET", "/empty", nil, int64(0)},
		{"HEAD", "HEAD", "/", nil, int64(0)},
		{"read to the end", "GET", "/", readAll, int64(10)},
		{"read and closed, twice", "GET", "/", both, int64(10)},
		{"closed at once", "GET", "/", shut, int64(10)},
		{"closed early", "GET", "/", func(b io.ReadCloser) { readTwo(b); shut(b) }, int64(10)},
		{"of unknown length, read to the end", "GET", "/stream", readAll, int64(10)},
		{"of unknown length, closed early", "GET", "/stream", func(b io.ReadCloser) { readTwo(b); shut(b) }, nil},
	}
	log := recorded.Open(t)
	made := 0
	for _, http2 := range []bool{false, true} {
		s := remote(t, http2, serve)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				resp, err := caller(s, log).Do(request(t, tt.method, s.URL+tt.path, nil))
				require.NoError(t, err)
				defer resp.Body.Close()
				if tt.use != nil {
					assert.Len(t, log.All(), made, "the call goes on")
					tt.use(resp.Body)
				}
				made++
				r := log.Wait(t, made)[made-1]
				assert.Equal(t, tt.size, r.Values["http.response.body.size"])
				assert.Equal(t, slog.LevelInfo, r.Level)
				assert.NotContains(t, r.Values, "error.type")
			})
		}
	}
}

func TestABodyThatIsNeverClosedMakesNoRecord(t *testing.T) {
	log := recorded.Open(t)
	base := roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("x"))}, nil
	})
	_, err := middleware.Transport(log.Client, base).RoundTrip(request(t, "GET", "http://shop/", nil))
	require.NoError(t, err)
	assert.Empty(t, log.All())
}

// roundTrip is a RoundTripper that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a base whose answer has this status and no body.
func answering(status int) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: http.NoBody}, nil
	}
}

func TestTheLevelOfACallFollowsItsStatus(t *testing.T) {
	log := recorded.Open(t)
	for i, tt := range []struct {
		status int
		level  slog.Level
		kind   any
	}{
		{200, slog.LevelInfo, nil},
		{302, slog.LevelInfo, nil},
		{304, slog.LevelInfo, nil},
		{400, slog.LevelWarn, "400"},
		{404, slog.LevelWarn, "404"},
		{429, slog.LevelWarn, "429"},
		{500, slog.LevelWarn, "500"},
		{503, slog.LevelWarn, "503"},
	} {
		resp, err := middleware.Transport(log.Client, answering(tt.status)).RoundTrip(request(t, "GET", "http://shop/", nil))
		finish(t, resp, err)
		r := log.Wait(t, i+1)[i]
		assert.Equal(t, tt.level, r.Level, tt.status)
		assert.Equal(t, tt.kind, r.Values["error.type"], tt.status)
		assert.Equal(t, int64(tt.status), r.Values["http.response.status_code"])
		require.NoError(t, r.Err, "an answer is no exception")
	}
}

func TestWhereACallGoesIsKnownFromItsURL(t *testing.T) {
	log := recorded.Open(t)
	for i, tt := range []struct {
		url, full    string
		server, port any
	}{
		{"http://api.example/x", "http://api.example/x", "api.example", int64(80)},
		{"https://api.example/x", "https://api.example/x", "api.example", int64(443)},
		{"https://api.example:8443", "https://api.example:8443", "api.example", int64(8443)},
		{"http://[2001:db8::1]:81/", "http://[2001:db8::1]:81/", "2001:db8::1", int64(81)},
		{"https://token@api.example/?q=a%26b&%74oken=s", "https://api.example/?q=a%26b&%74oken=REDACTED", "api.example", int64(443)},
		{"unix:/var/run/x.sock", "unix:/var/run/x.sock", nil, nil},
	} {
		resp, err := middleware.Transport(log.Client, answering(200)).RoundTrip(request(t, "GET", tt.url, nil))
		finish(t, resp, err)
		r := log.Wait(t, i+1)[i]
		assert.Equal(t, tt.full, r.Values["url.full"])
		assert.Equal(t, tt.server, r.Values["server.address"], tt.url)
		assert.Equal(t, tt.port, r.Values["server.port"], tt.url)
	}
}

func TestSizesThatAreNotKnownAreLeftOut(t *testing.T) {
	log := recorded.Open(t)
	s := remote(t, false, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		// An empty member: as short as gzip gets.
		_, _ = w.Write([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	})
	resp, err := caller(s, log).Do(request(t, "POST", s.URL, struct{ io.Reader }{strings.NewReader("chunked")}))
	finish(t, resp, err)
	r := log.One(t)
	assert.Equal(t, int64(200), r.Values["http.response.status_code"])
	assert.NotContains(t, r.Values, "http.request.body.size")
	assert.NotContains(t, r.Values, "http.response.body.size", "net/http has decompressed it")
}

func TestAnUnknownMethodIsCountedAsOther(t *testing.T) {
	log := recorded.Open(t)
	resp, err := middleware.Transport(log.Client, answering(200)).RoundTrip(request(t, "PURGE", "http://shop/", nil))
	finish(t, resp, err)
	r := log.One(t)
	assert.Equal(t, "HTTP shop 200", r.Message)
	assert.Equal(t, "_OTHER", r.Values["http.request.method"])
	assert.Equal(t, "PURGE", r.Values["http.request.method_original"])
}

func TestEachRedirectIsACallOfItsOwn(t *testing.T) {
	log := recorded.Open(t)
	s := remote(t, false, func(w http.ResponseWriter, r *http.Request) {
		if next := map[string]string{"/a": "/b", "/b": "/c"}[r.URL.Path]; next != "" {
			http.Redirect(w, r, next, http.StatusFound)
		}
	})
	c := caller(s, log)
	c.CheckRedirect = nil
	resp, err := c.Do(request(t, "GET", s.URL+"/a", nil))
	finish(t, resp, err)
	for i, r := range log.Wait(t, 3) {
		want := any(int64(i))
		if i == 0 {
			want = nil
		}
		assert.Equal(t, want, r.Values["http.request.resend_count"])
		assert.Equal(t, s.URL+"/"+string(rune('a'+i)), r.Values["url.full"])
	}
}

func TestTrailersComeWithTheEndOfTheBody(t *testing.T) {
	log := recorded.Open(t)
	for i, http2 := range []bool{false, true} {
		s := remote(t, http2, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "Sum")
			_, _ = io.WriteString(w, "body")
			w.Header().Set("Sum", "42")
		})
		resp, err := caller(s, log).Do(request(t, "GET", s.URL, nil))
		finish(t, resp, err)
		assert.Equal(t, "42", resp.Trailer.Get("Sum"))
		log.Wait(t, i+1)
	}
}

func TestASwitchedConnectionIsHandedOverAsItIs(t *testing.T) {
	log := recorded.Open(t)
	s := remote(t, false, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(rw, rw)
		_ = rw.Flush()
	})
	req := request(t, "GET", s.URL, nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := caller(s, log).Do(req)
	require.NoError(t, err)
	r := log.One(t)
	assert.Equal(t, int64(101), r.Values["http.response.status_code"])
	assert.NotContains(t, r.Values, "http.response.body.size")

	conn, ok := resp.Body.(io.ReadWriteCloser)
	require.True(t, ok)
	half, ok := conn.(interface{ CloseWrite() error })
	require.True(t, ok, "httputil.ReverseProxy closes one direction by this method")
	_, err = io.WriteString(conn, "ping\n")
	require.NoError(t, err)
	require.NoError(t, half.CloseWrite())
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "ping\n", line)
	require.NoError(t, conn.Close())
	assert.Len(t, log.All(), 1)
}

func TestACallInsideARequestTellsOnWhoseBehalf(t *testing.T) {
	log := recorded.Open(t)
	s := remote(t, false, func(http.ResponseWriter, *http.Request) {})
	client := caller(s, log)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(_ http.ResponseWriter, r *http.Request) {
		middleware.AddAttrs(r.Context(), slog.String("tenant", "t-1"))
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodDelete, s.URL, http.NoBody)
		if assert.NoError(t, err) {
			resp, err := client.Do(req)
			finish(t, resp, err)
		}
	})
	r := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
	r.Header.Set("X-Request-Id", "r-1")
	r.Header.Set("Traceparent", parent)
	middleware.New(log.Client)(mux).ServeHTTP(httptest.NewRecorder(), r)

	records := log.Wait(t, 2)
	call, served := records[0], records[1]
	assert.Equal(t, "DELETE", call.Values["http.request.method"], "that of the call")
	assert.Equal(t, "r-1", call.Values["request.id"])
	assert.Equal(t, "t-1", call.Values["tenant"])
	assert.Equal(t, "GET", served.Values["http.request.method"])
	assert.True(t, call.Trace.IsValid())
	assert.Equal(t, served.Trace, call.Trace)
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
