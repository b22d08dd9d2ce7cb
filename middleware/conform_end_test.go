package middleware_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

func endings() []conform {
	panicking := func(before func(w http.ResponseWriter), v any) func(*scene, http.ResponseWriter, *http.Request) {
		return func(_ *scene, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/fine" {
				return
			}
			before(w)
			panic(v)
		}
	}
	nothing := func(http.ResponseWriter) {}
	some := func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "some")
		w.(http.Flusher).Flush()
	}
	again := func(s *scene) {
		s.get("/")
		s.get("/fine")
	}
	fine := expected{message: "GET /fine 200"}
	return []conform{
		{
			name: "a panic", visit: again, serve: panicking(nothing, "boom"),
			want: []expected{{message: "GET / 500", level: slog.LevelError, kind: "*ledger.Panic", panicked: true}, fine},
		},
		{
			name: "a panic after the beginning", visit: again, serve: panicking(some, io.ErrClosedPipe),
			want: []expected{{message: "GET / 200", level: slog.LevelError, kind: "error", panicked: true, sent: 4}, fine},
		},
		{
			name: "an abort", visit: again, serve: panicking(some, http.ErrAbortHandler),
			want: []expected{{message: "GET / 200", kind: "aborted", sent: 4}, fine},
		},
		{
			name: "a panic that somebody outside answers", visit: again, serve: panicking(nothing, "boom"),
			outside: func(s *scene, h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						if v := recover(); v != nil {
							s.handler("%v", v)
							w.WriteHeader(http.StatusInternalServerError)
						}
					}()
					h.ServeHTTP(w, r)
				})
			},
			want: []expected{{message: "GET / 500", level: slog.LevelError, kind: "*ledger.Panic", panicked: true}, fine},
		},
		{
			name: "a status that is none", visit: again,
			serve: panicking(func(w http.ResponseWriter) { w.WriteHeader(99) }, nil),
			want:  []expected{{message: "GET / 500", level: slog.LevelError, kind: "*ledger.Panic", panicked: true}, fine},
		},
		{
			name: "the client leaves a response of known length", loose: true,
			serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "10")
				_, _ = io.WriteString(w, "12345")
				s.handler("%v", http.NewResponseController(w).Flush())
				<-r.Context().Done()
			},
			visit: leaving,
			want:  []expected{{message: "GET / 200", kind: "client_closed_request", sent: 5}},
		},
		{
			name: "the client leaves, and a write fails", loose: true,
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				rc := http.NewResponseController(w)
				_, _ = io.WriteString(w, "12345")
				s.handler("%v", rc.Flush())
				s.await()
				for deadline := time.Now().Add(time.Minute); ; {
					if err := rc.Flush(); err != nil || time.Now().After(deadline) {
						s.handler("%v", err != nil)
						return
					}
					_, _ = io.WriteString(w, "")
				}
			},
			visit: func(s *scene) {
				leaving(s)
				s.step()
			},
			on: "http2", want: []expected{{message: "GET / 200", kind: "client_closed_request", sent: 5}},
		},
		{
			name: "the client leaves in its own request", on: "http1", loose: true,
			serve: half, visit: leavingHalf,
			want: []expected{{message: "POST / 400", kind: "client_closed_request", received: 10}},
		},
		{
			name: "the client cancels its own request", on: "http2", loose: true,
			serve: half,
			visit: func(s *scene) {
				ctx, leave := context.WithCancel(s.Context())
				defer leave()
				body, up := io.Pipe()
				go func() {
					_, _ = io.WriteString(up, "12345")
					s.await()
					leave()
				}()
				_, err := s.client.Do(s.request(http.MethodPost, "/", body).WithContext(ctx))
				_ = up.Close()
				s.visitor("%v", errors.Is(err, context.Canceled))
			},
			want: []expected{{message: "POST / 400", kind: "client_closed_request", received: 5}},
		},
	}
}

// leaving reads the beginning of a response and goes.
func leaving(s *scene) {
	ctx, leave := context.WithCancel(s.Context())
	defer leave()
	resp, err := s.client.Do(s.request(http.MethodGet, "/", nil).WithContext(ctx))
	if err != nil {
		s.visitor("%v", err)
		return
	}
	some := make([]byte, 5)
	_, err = io.ReadFull(resp.Body, some)
	s.visitor("%s %q %v", resp.Status, some, err)
	leave()
	_ = resp.Body.Close()
}

// half reads a body of which the second half never comes.
func half(s *scene, w http.ResponseWriter, r *http.Request) {
	part := make([]byte, 5)
	_, err := io.ReadFull(r.Body, part)
	s.handler("%q %v", part, err)
	s.step()
	_, err = io.ReadAll(r.Body)
	s.handler("%v", err != nil) // of two reasons, on HTTP/2, the first
	w.WriteHeader(http.StatusBadRequest)
}

func leavingHalf(s *scene) {
	conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		s.visitor("%v", err)
		return
	}
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\n12345")
	s.await()
	_ = conn.Close()
}

// soon is long enough for a loopback answer, and short enough to wait for.
const soon = 40 * time.Millisecond

func timeouts() []conform {
	return []conform{
		{
			name: "TimeoutHandler inside", want: []expected{{message: "GET / 503", level: slog.LevelError, kind: "503", sent: 4}},
			inside: func(_ *scene, h http.Handler) http.Handler { return http.TimeoutHandler(h, soon, "late") },
			serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				_, err := io.WriteString(w, "too late")
				s.handler("%v", err == nil || errors.Is(err, http.ErrHandlerTimeout))
			},
			visit: func(s *scene) { s.get("/") },
		},
		{
			name: "TimeoutHandler outside, in time", want: []expected{{message: "GET / 201", sent: 4}},
			outside: func(_ *scene, h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Minute, "late") },
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				s.handler("%s", optional(w))
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, "done")
			},
		},
		{
			// What is outside is not seen: the record says what the handler did.
			name: "TimeoutHandler outside, late", want: []expected{{message: "GET / 504", level: slog.LevelError, kind: "504"}},
			outside: func(_ *scene, h http.Handler) http.Handler { return http.TimeoutHandler(h, soon, "late") },
			serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				s.await()
				w.WriteHeader(http.StatusGatewayTimeout)
				n, err := io.WriteString(w, "too late")
				s.handler("%d %v", n, err)
			},
			visit: func(s *scene) {
				s.get("/") // 503: TimeoutHandler has answered
				s.step()
			},
		},
		{
			name: "a write deadline", loose: true,
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				rc := http.NewResponseController(w)
				s.handler("%v", rc.SetWriteDeadline(time.Now().Add(-time.Second)))
				_, err := io.WriteString(w, strings.Repeat("x", 1<<16))
				s.handler("%v", errors.Join(err, rc.Flush()) != nil)
			},
			visit: func(s *scene) {
				_, err := s.client.Do(s.request(http.MethodGet, "/", nil))
				s.visitor("%v", err != nil)
			},
			want: []expected{{message: "GET / 200", kind: "client_closed_request", sent: -2}},
		},
		{
			name: "ReadTimeout", loose: true, on: "http1",
			settings: func(s *http.Server) { s.ReadTimeout = soon },
			serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
				n, err := io.Copy(io.Discard, r.Body)
				s.handler("%d %v", n, err)
				w.WriteHeader(http.StatusRequestTimeout)
			},
			visit: func(s *scene) {
				conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
				if err != nil {
					s.visitor("%v", err)
					return
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\n12345")
				answer, err := io.ReadAll(conn)
				s.visitor("%s %v", answer, err)
			},
			// net/http cancels the context of a request that it cannot read, whoever is
			// to blame.
			want: []expected{{message: "POST / 408", kind: "client_closed_request", received: 10}},
		},
		{
			name: "WriteTimeout", loose: true, on: "http1",
			settings: func(s *http.Server) { s.WriteTimeout = soon },
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				timer := time.NewTimer(2 * soon)
				defer timer.Stop()
				<-timer.C
				_, err := io.WriteString(w, "too late")
				s.handler("%v", err)
			},
			visit: func(s *scene) {
				_, err := s.client.Do(s.request(http.MethodGet, "/", nil))
				s.visitor("%v", err)
			},
			want: []expected{{message: "GET / 200", sent: 8}},
		},
	}
}
