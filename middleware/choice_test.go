package middleware

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serve runs requests of these paths through a recorder, with a handler that answers
// the status in the header Want, and panics raised again swallowed.
func serveAll(rec *Recorder, h http.HandlerFunc, paths ...string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/r/{id}", h)
	mux.HandleFunc("/s/{id}", h)
	mux.HandleFunc("/admin/", h)
	for _, path := range paths {
		func() {
			defer func() { _ = recover() }()
			rec.Wrap(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		}()
	}
}

// messages returns those of the records, and how many requests each stands for.
func (c *capture) messages() (messages []string, stands []int64) {
	for _, r := range c.records {
		n, ok := r.attrs["ledger.sampled_requests"].(int64)
		if !ok {
			n = 1
		}
		messages, stands = append(messages, r.Message), append(stands, n)
	}
	return messages, stands
}

func repeat(path string, n int) []string {
	paths := make([]string, n)
	for i := range paths {
		paths[i] = path
	}
	return paths
}

func TestASkippedRequestIsPassedOnUntouched(t *testing.T) {
	c := newCapture()
	rec := newRecorder(c, WithSkip(func(r *http.Request) bool { return r.URL.Path == "/skipped" }), WithRecover())
	var gotW http.ResponseWriter
	var gotR *http.Request
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/skipped", nil)
	assert.PanicsWithValue(t, "boom", func() {
		rec.Serve(w, r, func(w http.ResponseWriter, r *http.Request) { gotW, gotR = w, r; panic("boom") })
	})
	assert.Same(t, w, gotW)
	assert.Same(t, r, gotR)
	assert.Empty(t, c.records)
	assert.Equal(t, Stats{Skipped: 1}, rec.Stats())

	rec.Serve(w, httptest.NewRequest(http.MethodGet, "/kept", nil), nothing)
	c.one(t)
}

func TestKeepIsAskedAboutWhatWentWell(t *testing.T) {
	type asked struct {
		path   string
		status int
		took   time.Duration
	}
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		asked    int
		recorded bool
	}{
		{"200", nothing, 1, false},
		{"404", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 1, false},
		{"499", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 1, false},
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, 0, true},
		{"panic", func(http.ResponseWriter, *http.Request) { panic("x") }, 0, true},
		{"panic after 200", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK); panic("x") }, 0, true},
		{"error that was set", func(_ http.ResponseWriter, r *http.Request) { SetError(r.Context(), errors.New("x")) }, 0, true},
		{"error that was taken back", func(_ http.ResponseWriter, r *http.Request) {
			SetError(r.Context(), errors.New("x"))
			SetError(r.Context(), nil)
		}, 1, false},
		{"slow", func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second) }, 0, true},
		{"nearly slow", func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second - 1) }, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCapture()
				var got []asked
				rec := newRecorder(c, WithSlow(time.Second), WithKeep(func(r *http.Request, status int, took time.Duration) bool {
					got = append(got, asked{r.URL.Path, status, took})
					return false
				}))
				serveAll(rec, tt.handler, "/r/1")
				assert.Len(t, got, tt.asked)
				assert.Equal(t, tt.recorded, len(c.records) == 1)
				assert.Equal(t, uint64(tt.asked), rec.Stats().NotKept)
				if tt.name == "nearly slow" {
					assert.Equal(t, []asked{{"/r/1", 200, time.Second - 1}}, got)
				}
			})
		})
	}
}

func TestWithKeepThatSaysYesEverythingIsRecorded(t *testing.T) {
	c := newCapture()
	rec := newRecorder(c, WithKeep(func(*http.Request, int, time.Duration) bool { return true }))
	serveAll(rec, nothing, "/r/1", "/r/2")
	assert.Len(t, c.records, 2)
}

func TestSamplingCountsEachRouteByItself(t *testing.T) {
	c := newCapture()
	rec := newRecorder(c, WithSample(3), WithSample(2, "/s/{id}"))
	paths := append(repeat("/r/1", 7), repeat("/s/1", 4)...)
	serveAll(rec, nothing, append(paths, repeat("/unknown", 4)...)...)
	messages, stands := c.messages()
	assert.Equal(t, []string{
		"GET /r/{id} 200", "GET /r/{id} 200", "GET /r/{id} 200",
		"GET /s/{id} 200", "GET /s/{id} 200",
		"GET /unknown 404", "GET /unknown 404",
	}, messages)
	assert.Equal(t, []int64{1, 3, 3, 1, 2, 1, 3}, stands)
	assert.Equal(t, Stats{Sampled: 8}, rec.Stats())
}

func TestSamplingNeverLosesWhatWentWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCapture()
		n := 0
		rec := newRecorder(c, WithSample(100), WithSlow(time.Second))
		serveAll(rec, func(w http.ResponseWriter, _ *http.Request) {
			n++
			switch n {
			case 3:
				w.WriteHeader(http.StatusServiceUnavailable)
			case 5:
				panic("boom")
			case 7:
				time.Sleep(2 * time.Second)
			}
		}, repeat("/r/1", 10)...)
		messages, stands := c.messages()
		assert.Equal(t, []string{"GET /r/{id} 200", "GET /r/{id} 503", "GET /r/{id} 500", "GET /r/{id} 200"}, messages)
		assert.Equal(t, []int64{1, 1, 1, 1}, stands)
		assert.Equal(t, uint64(6), rec.Stats().Sampled)
	})
}

func TestOnlyRoutedRequestsAreRecordedIfAsked(t *testing.T) {
	c := newCapture()
	rec := newRecorder(c, WithRoutedOnly())
	serveAll(rec, nothing, "/r/1", "/unknown", "/.env")
	messages, _ := c.messages()
	assert.Equal(t, []string{"GET /r/{id} 200"}, messages)
	assert.Equal(t, Stats{Unrouted: 2}, rec.Stats())

	rec.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", nil), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	assert.Len(t, c.records, 2, "an error is recorded whatever its route")
}

func TestNoiseIsWhatMatchedNoRouteAndIsNotThere(t *testing.T) {
	tests := []struct {
		path     string
		status   int
		recorded bool
	}{
		{"/wp-login.php", 404, false},
		{"//WP-LOGIN.PHP", 404, false},
		{"/.env.bak", 405, false},
		{"/robots.txt", 410, false},
		{"/mine/x", 404, false},
		{"/robots.txt", 200, true},
		{"/wp-login.php", 403, true},
		{"/wp-login.php", 500, true},
		{"/orders/7", 404, true},
		{"/admin/users", 404, true}, // a route
	}
	for _, tt := range tests {
		t.Run(tt.path+strconv.Itoa(tt.status), func(t *testing.T) {
			c := newCapture()
			rec := newRecorder(c, WithNoiseFilter("/mine/"))
			answer := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tt.status) }
			if tt.path == "/admin/users" {
				serveAll(rec, answer, tt.path)
			} else {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.URL.Path = tt.path
				rec.Serve(httptest.NewRecorder(), r, answer)
			}
			assert.Equal(t, tt.recorded, len(c.records) == 1)
			assert.Equal(t, !tt.recorded, rec.Stats().Noise == 1)
		})
	}
}

func TestTheLevelIsWhatTheFunctionSays(t *testing.T) {
	level := func(r *http.Request, status int) slog.Level {
		if r.URL.Path == "/health" {
			return slog.LevelDebug
		}
		return slog.Level(status)
	}
	at := func(path string, h http.HandlerFunc) slog.Level {
		c := newCapture()
		func() {
			defer func() { _ = recover() }()
			wrap(c, WithLevelFunc(level))(h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		}()
		return c.one(t).Level
	}
	assert.Equal(t, slog.LevelDebug, at("/health", nothing))
	assert.Equal(t, slog.Level(404), at("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	assert.Equal(t, slog.Level(499), at("/", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	assert.Equal(t, slog.LevelError, at("/health", func(http.ResponseWriter, *http.Request) { panic("x") }))
}

// M4: functions of options that panic.
func TestOptionsThatPanicDoWhatTheySay(t *testing.T) {
	c := newCapture()
	rec := newRecorder(c,
		WithSkip(func(*http.Request) bool { panic("skip") }),
		WithKeep(func(*http.Request, int, time.Duration) bool { panic("keep") }),
		WithLevelFunc(func(*http.Request, int) slog.Level { panic("level") }),
		WithRouteFunc(func(*http.Request) string { panic("route") }),
		WithClientIPFunc(func(*http.Request) string { panic("client") }))
	w := httptest.NewRecorder()
	require.NotPanics(t, func() {
		rec.Serve(w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	})
	r := c.one(t)
	assert.Equal(t, slog.LevelWarn, r.Level)
	assert.Equal(t, "192.0.2.1", r.attrs["client.address"])
	assert.Equal(t, Stats{Panics: 5}, rec.Stats())
}

func TestBadInputOfOptionsAsksForNothing(t *testing.T) {
	plain := func(opts ...Option) map[string]any {
		c := newCapture()
		r := httptest.NewRequest(http.MethodGet, "/x?a=1", nil)
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		newRecorder(c, opts...).Serve(httptest.NewRecorder(), r, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("body"))
		})
		got := c.one(t).attrs
		delete(got, "http.server.request.duration")
		delete(got, "ledger.duration_ms")
		return got
	}
	want := plain()
	for name, opts := range map[string][]Option{
		"nil options":   {nil, nil},
		"nil functions": {WithSkip(nil), WithKeep(nil), WithLevelFunc(nil), WithRouteFunc(nil), WithClientIPFunc(nil), WithMux(nil)},
		"nil mux":       {WithMux((*http.ServeMux)(nil))},
		"numbers":       {WithSlow(-1), WithSample(0), WithSample(-1, "/x"), WithTrustedHops(-1), WithStartEvent(-1), WithStartEvent(0)},
		"sizes":         {WithRequestBody(-1), WithResponseBody(-1), WithErrorBody(-1)},
		"headers":       {WithRequestHeaders(), WithRequestHeaders("", " "), WithResponseHeaders(""), WithDeniedHeaders("")},
		"proxies":       {WithTrustedProxies(), WithTrustedProxies(invalidPrefix()), WithForwardedHeader()},
		"noise":         {WithNoiseFilter("", "*", "/", "x")},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, want, plain(opts...)) })
	}
}
