package middleware_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/middleware"
)

// proxy forwards to target. What it has to say is discarded.
func proxy(s *scene, target string) *httputil.ReverseProxy {
	u, err := url.Parse(target)
	if err != nil {
		s.Error(err)
	}
	transport := &http.Transport{}
	s.Cleanup(transport.CloseIdleConnections)
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(u) },
		Transport: transport,
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// backend is what stands behind a proxy.
func backend(s *scene) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hints":
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "after hints")
		case "/ws":
			upgrade(s, w, r)
		case "/broken":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 5000))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("Trailer", "Sum")
			_, _ = io.Copy(w, r.Body)
			w.Header().Set("Sum", "42")
		}
	})
}

func throughProxy(s *scene, client *http.Client) {
	s.client = client
	s.do(s.request(http.MethodPost, "/", unsized("body")))
	s.get("/hints")
	s.get("/broken")
}

// proxies are the middleware in front of a proxy, and behind one.
func proxies() []conform {
	behind := func(s *scene, _ http.Handler) http.Handler {
		b := newServer(backend(s), wire{}, nil)
		s.Cleanup(b.Close)
		return proxy(s, b.URL)
	}
	served := []expected{
		{message: "POST / 200", received: 4, sent: 4},
		{message: "GET /hints 200", sent: 11},
		{message: "GET /broken 200", kind: "aborted", sent: 5000},
	}
	return []conform{
		{
			name: "in front of a proxy", inside: behind, want: served,
			visit: func(s *scene) { throughProxy(s, s.client) },
		},
		{
			name: "in front of a proxy that upgrades", on: "http1", inside: behind,
			visit: func(s *scene) { upgraded(s, s.server.Listener.Addr().String()) },
			want:  []expected{{message: "GET /ws 101", sent: -1}},
		},
		{
			name: "in front of a proxy without a backend", want: []expected{{message: "GET / 502", level: slog.LevelError, kind: "502"}},
			inside: func(s *scene, _ http.Handler) http.Handler {
				b := httptest.NewServer(http.NotFoundHandler())
				b.Close()
				return proxy(s, b.URL)
			},
		},
		{
			name: "behind a proxy", on: "http1", want: served,
			inside: func(s *scene, _ http.Handler) http.Handler { return backend(s) },
			visit: func(s *scene) {
				front := newServer(proxy(s, s.server.URL), wire{}, nil)
				defer front.Close()
				direct := s.server
				s.server = front
				throughProxy(s, front.Client())
				front.Client().CloseIdleConnections()
				s.server = direct
			},
		},
		{
			name: "behind a proxy that upgrades", on: "http1", want: []expected{{message: "GET /ws 101", sent: -1}},
			inside: func(s *scene, _ http.Handler) http.Handler { return backend(s) },
			visit: func(s *scene) {
				front := newServer(proxy(s, s.server.URL), wire{}, nil)
				defer front.Close()
				upgraded(s, front.Listener.Addr().String())
			},
		},
	}
}

// A middleware inside of another records what that one records.
func TestMiddlewareInsideOfMiddleware_M2(t *testing.T) {
	log := recorded.Open(t)
	cases := append(responses(), streams()...)
	for _, w := range wires()[:2] {
		for _, c := range cases {
			if !c.runsOn(w) {
				continue
			}
			t.Run(c.name+" on "+w.name, func(t *testing.T) {
				bare := c.run(t, w, func(h http.Handler) http.Handler { return h })
				before := len(log.All())
				m := middleware.New(log.Client)
				assert.Equal(t, bare, c.run(t, w, func(h http.Handler) http.Handler { return m(m(h)) }))
				for i, r := range log.Wait(t, before+2*len(c.want))[before:] {
					c.wanted(w)[i/2].check(t, r)
				}
			})
		}
	}
}

func TestOneMiddlewareServesSeveralServers(t *testing.T) {
	log := recorded.Open(t)
	m := middleware.New(log.Client)
	want := map[string]string{}
	for _, w := range wires() {
		s := newServer(m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			middleware.SetRoute(r.Context(), "/"+w.name)
		})), w, nil)
		t.Cleanup(s.Close)
		t.Cleanup(s.Client().CloseIdleConnections)
		want["GET /"+w.name+" 200"] = s.Listener.Addr().String()
		scene := &scene{T: t, wire: w, server: s, client: s.Client()}
		if w.second && !w.tls {
			transport := s.Client().Transport.(*http.Transport)
			transport.Protocols = new(http.Protocols)
			transport.Protocols.SetUnencryptedHTTP2(true)
		}
		for range 3 {
			scene.get("/")
		}
	}
	got := map[string]int{}
	for _, r := range log.Wait(t, 9) {
		got[r.Message]++
		port := r.Values["server.port"].(int64)
		assert.Equal(t, want[r.Message], fmt.Sprintf("127.0.0.1:%d", port))
	}
	assert.Equal(t, map[string]int{"GET /http1 200": 3, "GET /http2 200": 3, "GET /http2 without TLS 200": 3}, got)
}

// What a server waits for in Shutdown is recorded when Shutdown returns: a client that
// is closed after it has all of it.
func TestShutdownWaitsForTheRecord(t *testing.T) {
	for _, w := range wires() {
		t.Run(w.name, func(t *testing.T) {
			log := recorded.Open(t)
			s := &scene{T: t, wire: w, steps: make(chan struct{}, 1)}
			in := make(chan struct{})
			s.start(middleware.New(log.Client)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				close(in)
				s.await()
				_, _ = io.WriteString(w, "done")
			})), nil)
			defer s.server.Close()
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				s.get("/")
			}()
			<-in
			time.AfterFunc(soon, s.step)
			require.NoError(t, s.server.Config.Shutdown(t.Context()))
			require.Len(t, log.All(), 1)
			<-answered
			assert.Contains(t, s.transcript(false), "done")
		})
	}
}

// A handler that has returned may still write from a goroutine. net/http itself forbids
// that, so there is a TimeoutHandler around, whose writer allows it.
func TestAWriteAfterTheReturnIsHarmless(t *testing.T) {
	log := recorded.Open(t)
	over := make(chan error, 1)
	s := newServer(http.TimeoutHandler(middleware.New(log.Client)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		begun := make(chan struct{})
		go func() {
			var err error
			for i := range 1000 {
				_, e := w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
				err = errors.Join(err, e)
				if i == 0 {
					close(begun)
				}
			}
			over <- err
		}()
		<-begun
	})), time.Minute, ""), wire{}, nil)
	defer s.Close()
	resp, err := s.Client().Get(s.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, <-over)
	assert.Equal(t, "GET / 200", log.One(t).Message)
}
