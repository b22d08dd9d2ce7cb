package middleware_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

// conform is something that HTTP lets a handler or its client do. It is done twice, with
// and without the middleware: neither side may see a difference (M2).
type conform struct {
	name string
	on   string // the only wire: http1; or http2 for both of that; empty is all
	// serve is the handler. Around it are, from the inside: inside, the middleware,
	// outside, a server with settings.
	serve           func(s *scene, w http.ResponseWriter, r *http.Request)
	inside, outside func(s *scene, h http.Handler) http.Handler
	settings        func(*http.Server)
	// visit is the client. Without one there is a GET of /.
	visit func(s *scene)
	// loose leaves out the bytes on the wire: they depend on who is faster.
	loose bool
	// want are the records; on HTTP/2 want2, if it is there.
	want, want2 []expected
}

// expected is what a record says. The zero value of level is Info.
type expected struct {
	message  string
	level    slog.Level
	kind     string // error.type
	received int64  // of the request's body; -1 is not recorded
	sent     int64  // of the response's; -1 is not recorded, -2 is any
	panicked bool
}

// wire is a way to speak HTTP.
type wire struct {
	name        string
	tls, second bool
}

func wires() []wire {
	return []wire{{name: "http1"}, {name: "http2", tls: true, second: true}, {name: "http2 without TLS", second: true}}
}

func (c *conform) runsOn(w wire) bool { return c.on == "" || (c.on == "http2") == w.second }

func (c *conform) wanted(w wire) []expected {
	if w.second && c.want2 != nil {
		return c.want2
	}
	return c.want
}

func TestNeitherSideCanTellThatAHandlerIsWrapped_M2(t *testing.T) {
	log := recorded.Open(t)
	cases := slices.Concat(responses(), streams(), requests(), endings(), timeouts(), proxies())
	for _, w := range wires() {
		for _, c := range cases {
			if !c.runsOn(w) {
				continue
			}
			t.Run(c.name+" on "+w.name, func(t *testing.T) {
				bare := c.run(t, w, func(h http.Handler) http.Handler { return h })
				before := len(log.All())
				assert.Equal(t, bare, c.run(t, w, middleware.New(log.Client)))
				want := c.wanted(w)
				for i, r := range log.Wait(t, before+len(want))[before:] {
					want[i].check(t, r)
				}
			})
		}
	}
}

func (e *expected) check(t *testing.T, r recorded.Record) {
	t.Helper()
	size := func(n int64) any {
		if n < 0 {
			return nil
		}
		return n
	}
	kind := any(e.kind)
	if e.kind == "" {
		kind = nil
	}
	assert.Equal(t, e.message, r.Message)
	assert.Equal(t, e.level, r.Level)
	assert.Equal(t, kind, r.Values["error.type"])
	assert.Equal(t, size(e.received), r.Values["http.request.body.size"], "received")
	if e.sent != -2 {
		assert.Equal(t, size(e.sent), r.Values["http.response.body.size"], "sent")
	}
	assert.Equal(t, map[bool]ledger.Type{false: ledger.TypeEndpoint, true: ledger.TypeException}[e.panicked], r.Type)
}

// run does it once, and returns what either side saw.
func (c *conform) run(t *testing.T, w wire, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	s := &scene{T: t, wire: w, steps: make(chan struct{}, 16)}
	h := s.counted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.serve != nil {
			c.serve(s, w, r)
		}
	}))
	if c.inside != nil {
		h = c.inside(s, h)
	}
	h = wrap(h)
	if c.outside != nil {
		h = c.outside(s, h)
	}
	s.start(s.counted(h), c.settings)
	if c.visit == nil {
		s.get("/")
	} else {
		c.visit(s)
	}
	s.client.CloseIdleConnections()
	s.server.Close()
	s.handlers.Wait() // for which neither Close nor TimeoutHandler always does
	return s.transcript(!c.loose)
}

// scene is a run: a server, its client, and what either saw.
type scene struct {
	*testing.T
	wire
	server *httptest.Server
	client *http.Client
	steps  chan struct{}

	handlers sync.WaitGroup

	mu     sync.Mutex
	inside []string // that the handler saw
	out    []string // that the client saw
	taps   []*tap   // the client's connections
}

// counted is h, for which run waits.
func (s *scene) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handlers.Add(1)
		defer s.handlers.Done()
		h.ServeHTTP(w, r)
	})
}

func (s *scene) start(h http.Handler, settings func(*http.Server)) {
	s.server = newServer(h, s.wire, settings)
	transport, ok := s.server.Client().Transport.(*http.Transport)
	require.True(s, ok)
	transport.DialContext = s.dial
	if s.second && !s.tls {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	s.client = s.server.Client()
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

func newServer(h http.Handler, w wire, settings func(*http.Server)) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.EnableHTTP2 = w.tls
	if w.second && !w.tls {
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	if settings != nil {
		settings(server.Config)
	}
	if w.tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	return server
}

// tap is a connection that keeps what comes from the server.
type tap struct {
	net.Conn
	mu   sync.Mutex
	came bytes.Buffer
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.came.Write(p[:n])
	return n, err
}

func (s *scene) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taps = append(s.taps, &tap{Conn: conn})
	return s.taps[len(s.taps)-1], nil
}

// handler notes what the handler sees, and visitor what its client does.
func (s *scene) handler(format string, args ...any) { s.note(&s.inside, format, args) }
func (s *scene) visitor(format string, args ...any) { s.note(&s.out, format, args) }

func (s *scene) note(to *[]string, format string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*to = append(*to, fmt.Sprintf(format, args...))
}

// step lets the other side go on, which waits for it with await.
func (s *scene) step() { s.steps <- struct{}{} }

func (s *scene) await() {
	select {
	case <-s.steps:
	case <-time.After(time.Minute):
		s.Error("the other side did not go on")
	}
}

// request returns a request to the server.
func (s *scene) request(method, path string, body io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(s.Context(), method, s.server.URL+path, body)
	require.NoError(s, err)
	return r
}

func (s *scene) get(path string) { s.do(s.request(http.MethodGet, path, nil)) }

// do sends a request and notes all that comes back.
func (s *scene) do(r *http.Request) {
	resp, err := s.client.Do(s.traced(r))
	if err != nil {
		s.visitor("%v", err)
		return
	}
	s.rest(resp)
}

// traced notes interim responses.
func (s *scene) traced(r *http.Request) *http.Request {
	return r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got100Continue: func() { s.visitor("100") },
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			s.visitor("%d %v", code, h)
			return nil
		},
	}))
}

// rest notes a response, and what is left of its body.
func (s *scene) rest(resp *http.Response) {
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	s.visitor("%s %s %v\n%s\n%v %v", resp.Proto, resp.Status, resp.Header, digest(body, 256), resp.Trailer, err)
}

// digest returns a text for b, which is short if b is longer than limit. The first bytes
// stay: there is the date, which is different each time.
func digest(b []byte, limit int) string {
	if len(b) <= limit {
		return string(b)
	}
	return fmt.Sprintf("%s... %d bytes, %x", b[:256], len(b), sha256.Sum256(b[256:]))
}

// transcript returns what was noted and, of HTTP/1, the bytes that came, all without
// what differs between any two runs.
func (s *scene) transcript(withBytes bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := slices.Concat([]string{"handler:"}, s.inside, []string{"client:"}, s.out)
	if withBytes && !s.second {
		for _, c := range s.taps {
			c.mu.Lock()
			lines = append(lines, "connection:", digest(c.came.Bytes(), 100_000))
			c.mu.Unlock()
		}
	}
	text := strings.Join(lines, "\n")
	text = regexp.MustCompile(`\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT`).ReplaceAllString(text, "DATE")
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text, "ADDRESS")
}
