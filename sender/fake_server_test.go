package sender

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

// call is one request that a fakeServer got.
type call struct {
	n       int           // from 0
	at      time.Duration // since the server was made
	body    []byte        // as sent
	offsets []wal.Offset  // of the records in it
	ctx     context.Context
}

// reply is what a fakeServer answers.
type reply struct {
	status int
	header http.Header
	body   string
	after  time.Duration // how long it takes
	err    error         // instead of an answer
	lost   bool          // err comes after the body was read
	deaf   bool          // it does not end when the request's context does
}

var (
	ok      = reply{status: 200}
	down    = reply{status: 503}
	refused = reply{err: errors.New("connection refused")}
)

func status(code int) reply { return reply{status: code} }

func retryAfter(code int, value string) reply {
	return reply{status: code, header: http.Header{"Retry-After": {value}}}
}

// fakeServer is an http.RoundTripper that lives in the test's clock.
type fakeServer struct {
	start  time.Time
	answer func(c call) reply

	mu    sync.Mutex
	calls []call
	now   int // requests under way
	peak  int
}

func newFakeServer(answer func(c call) reply) *fakeServer {
	return &fakeServer{start: time.Now(), answer: answer}
}

// always answers every request alike, script one after the other and then ok.
func always(r reply) func(call) reply { return func(call) reply { return r } }

func script(replies ...reply) func(call) reply {
	return func(c call) reply {
		if c.n < len(replies) {
			return replies[c.n]
		}
		return ok
	}
}

var payloadPattern = regexp.MustCompile(`<(\d{6})>`)

func (s *fakeServer) RoundTrip(req *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(req.Body)
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return nil, err
	}
	c := call{at: time.Since(s.start), body: b, ctx: req.Context()}
	plain := b
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		if plain, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	for _, m := range payloadPattern.FindAllSubmatch(plain, -1) {
		o, _ := strconv.Atoi(string(m[1]))
		c.offsets = append(c.offsets, wal.Offset(o))
	}
	s.mu.Lock()
	c.n = len(s.calls)
	s.calls = append(s.calls, c)
	s.now++
	s.peak = max(s.peak, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	r := s.answer(c)
	if r.err == nil || r.lost {
		httptrace.ContextClientTrace(req.Context()).WroteRequest(httptrace.WroteRequestInfo{})
	}
	gone := req.Context().Done()
	if r.deaf {
		gone = nil
	}
	select {
	case <-time.After(r.after):
	case <-gone:
		return nil, req.Context().Err()
	}
	if r.err != nil {
		return nil, r.err
	}
	if r.header == nil {
		r.header = http.Header{}
	}
	return &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader([]byte(r.body))), Request: req}, nil
}

func (s *fakeServer) got() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call(nil), s.calls...)
}

// most returns how many requests were under way at once since it was called last.
func (s *fakeServer) most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.peak = 0 }()
	return s.peak
}

// times of the requests in seconds.
func (s *fakeServer) times() []float64 {
	var out []float64
	for _, c := range s.got() {
		out = append(out, c.at.Seconds())
	}
	return out
}

// lines collects log lines.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for line := range bytes.SplitSeq(bytes.TrimSpace(l.buf.Bytes()), []byte("\n")) {
		if len(line) > 0 {
			out = append(out, string(line))
		}
	}
	return out
}

// rig is a running sender with fakes around it, in a synctest bubble.
type rig struct {
	*Sender
	log    *fakeLog
	store  *fakeStore
	server *fakeServer
	lines  *lines
	stop   func() error
}

// exact is a configuration without jitter, so that times are exact.
func exact() Config {
	return Config{URL: "http://server.test/v1/logs", Retry: Retry{Jitter: -1}}
}

// small is exact with batches of ten, for the tests that last a day.
func small() Config {
	cfg := exact()
	cfg.FlushSize = 10
	return cfg
}

// start runs a sender until the test ends or stop is called.
func start(t *testing.T, cfg Config, answer func(call) reply) *rig {
	t.Helper()
	return startOver(t, cfg, newFakeLog(t), &fakeStore{}, answer)
}

// startOver is start with a log and a store that are there already.
func startOver(t *testing.T, cfg Config, l *fakeLog, st *fakeStore, answer func(call) reply) *rig {
	t.Helper()
	r := &rig{log: l, store: st, server: newFakeServer(answer), lines: &lines{}}
	cfg.HTTPClient = &http.Client{Transport: r.server}
	cfg.Logger = slog.New(slog.NewTextHandler(r.lines, nil))
	s, err := New(r.log, r.store, cfg)
	require.NoError(t, err)
	r.Sender = s
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() { _ = r.stop() })
	synctest.Wait()
	return r
}

// bubble runs a test on a clock of its own.
func bubble(t *testing.T, f func(t *testing.T)) { t.Helper(); synctest.Test(t, f) }

// sleep lets the bubble's clock run and then everything come to rest.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func clientOf(s *fakeServer) *http.Client { return &http.Client{Transport: s} }

// running runs a sender until the function that it returns is called.
func running(t *testing.T, s *Sender) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-result)
	}
}
