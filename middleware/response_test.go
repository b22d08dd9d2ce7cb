package middleware

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// interfaces lists the optional interfaces of a ResponseWriter that it has.
func interfaces(w http.ResponseWriter) map[string]bool {
	m := map[string]bool{}
	_, m["Flusher"] = w.(http.Flusher)
	_, m["FlushError"] = w.(interface{ FlushError() error })
	_, m["Hijacker"] = w.(http.Hijacker)
	_, m["Pusher"] = w.(http.Pusher)
	_, m["ReaderFrom"] = w.(io.ReaderFrom)
	_, m["StringWriter"] = w.(io.StringWriter)
	_, m["CloseNotifier"] = w.(http.CloseNotifier) //nolint:staticcheck // Deprecated, and still to be kept.
	_, m["deadlines"] = w.(interface{ SetWriteDeadline(time.Time) error })
	_, m["full duplex"] = w.(interface{ EnableFullDuplex() error })
	return m
}

func TestResponseWriterKeepsItsInterfaces(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		var bare, wrapped map[string]bool
		inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { wrapped = interfaces(w) })
		h := wrap(newCapture())(inner)
		s := p.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			bare = interfaces(w)
			h.ServeHTTP(w, r)
		}))
		get(t, s, "/")
		assert.True(t, bare["Flusher"])
		assert.Equal(t, !p.http2, bare["Hijacker"])
		assert.Equal(t, bare, wrapped)
	})
}

func TestResponseControllerReachesTheConnection(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		errs := map[string]error{}
		s := p.serve(t, wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			rc := http.NewResponseController(w)
			errs["read deadline"] = rc.SetReadDeadline(time.Now().Add(time.Minute))
			errs["write deadline"] = rc.SetWriteDeadline(time.Now().Add(time.Minute))
			errs["full duplex"] = rc.EnableFullDuplex()
			errs["flush"] = rc.Flush()
		})))
		get(t, s, "/")
		for what, err := range errs {
			assert.NoError(t, err, what)
		}
	})
}

func TestAStreamReachesTheClientWhileTheHandlerRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		seen := make(chan struct{})
		s := p.serve(t, wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				_, _ = io.WriteString(w, "event\n")
				w.(http.Flusher).Flush()
				<-seen // deadlocks if the event is held back
			}
		})))
		resp, err := s.Client().Get(s.URL)
		require.NoError(t, err)
		defer resp.Body.Close()
		lines := bufio.NewReader(resp.Body)
		for range 3 {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "event\n", line)
			seen <- struct{}{}
		}
		_, err = lines.ReadByte()
		require.ErrorIs(t, err, io.EOF)
		r := c.one(t)
		assert.Equal(t, int64(18), r.attrs["http.response.body.size"])
		assert.Equal(t, int64(200), r.attrs["http.response.status_code"])
		assert.NotContains(t, r.attrs, "error.type")
	})
}

func TestStatusAndSizeAreThoseOfTheResponse(t *testing.T) {
	tests := []struct {
		name, method string
		handler      http.HandlerFunc
		status, size int64
	}{
		{"nothing written", "GET", nothing, 200, 0},
		{"written without a status", "GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("abc")) }, 200, 3},
		{"string written", "GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "abcd") }, 200, 4},
		{"read from", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("abcde")})
		}, 200, 5},
		{"second status ignored", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			w.WriteHeader(http.StatusOK)
		}, 404, 0},
		{"status after a write ignored", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("a"))
			w.WriteHeader(http.StatusInternalServerError)
		}, 200, 1},
		{"status after a flush ignored", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusInternalServerError)
		}, 200, 0},
		{"1xx precedes the status", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotFound)
		}, 404, 0},
		{"1xx alone is not a status", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) }, 200, 0},
		{"no body with HEAD", "HEAD", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "abc") }, 200, 0},
		{"no body with 204", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			_, _ = io.WriteString(w, "abc")
		}, 204, 0},
	}
	onBoth(t, func(t *testing.T, p protocol) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c := newCapture()
				s := p.serve(t, wrap(c)(tt.handler))
				req, err := http.NewRequest(tt.method, s.URL, nil)
				require.NoError(t, err)
				resp, err := s.Client().Do(req)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())

				r := c.one(t)
				assert.Equal(t, tt.status, r.attrs["http.response.status_code"])
				assert.Equal(t, tt.size, r.attrs["http.response.body.size"])
				// The client is the judge.
				assert.Equal(t, int64(resp.StatusCode), r.attrs["http.response.status_code"])
				assert.Equal(t, int64(len(body)), r.attrs["http.response.body.size"])
			})
		}
	})
}

func TestEarlyHintsReachTheClient(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		s := p.serve(t, wrap(newCapture())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
		})))
		var hints []int
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error { hints = append(hints, code); return nil },
		})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
		require.NoError(t, err)
		resp, err := s.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, []int{103}, hints)
	})
}

func TestAServedFileIsCounted(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		s := p.serve(t, wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, file)
		})))
		_, body := get(t, s, "/")
		assert.Len(t, body, len(content))
		assert.Equal(t, int64(len(content)), c.one(t).attrs["http.response.body.size"])
	})
}

func TestAHijackedConnectionIsRecordedAs101WithoutASize(t *testing.T) {
	c := newCapture()
	p := protocol{name: "http1"}
	s := p.serve(t, wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
		_ = rw.Flush()
		_, _ = io.WriteString(w, "refused by net/http from now on")
	})))
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(answer), "\r\n\r\nhello"))

	r := c.one(t)
	assert.Equal(t, "GET /ws 101", r.Message)
	assert.Equal(t, true, r.attrs["ledger.hijacked"])
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.NotContains(t, r.attrs, "http.response.body.size")
}

func TestAClientThatLeavesIsNotAnErrorOfTheServer(t *testing.T) {
	tests := []struct {
		name   string
		before func(http.ResponseWriter) // before the client leaves
		after  func(http.ResponseWriter)
		status int64
		level  slog.Level
		kind   any
	}{
		{"before any answer", nil, nil, 499, slog.LevelInfo, "client_closed_request"},
		{"the handler fails because of it", nil, func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }, 500, slog.LevelInfo, "client_closed_request"},
		{"the handler had failed by itself", func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError); w.(http.Flusher).Flush() }, nil, 500, slog.LevelError, "500"},
		{"in the middle of a stream", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a"); w.(http.Flusher).Flush() }, nil, 200, slog.LevelInfo, "client_closed_request"},
		{"in the middle of a response of known length", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "2")
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
		}, nil, 200, slog.LevelInfo, "client_closed_request"},
		{"after a complete response", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1")
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
		}, nil, 200, slog.LevelInfo, nil},
	}
	onBoth(t, func(t *testing.T, p protocol) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c := newCapture()
				ready := make(chan struct{})
				s := p.serve(t, wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if tt.before != nil {
						tt.before(w)
					}
					close(ready)
					<-r.Context().Done()
					if tt.after != nil {
						tt.after(w)
					}
				})))
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				left := make(chan struct{})
				go func() {
					defer close(left)
					req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
					if resp, err := s.Client().Do(req); err == nil {
						<-ctx.Done()
						resp.Body.Close()
					}
					s.Client().CloseIdleConnections()
				}()
				<-ready
				leave()
				<-left

				r := c.one(t)
				assert.Equal(t, tt.status, r.attrs["http.response.status_code"])
				assert.Equal(t, tt.level, r.Level)
				assert.Equal(t, tt.kind, r.attrs["error.type"])
				assert.NoError(t, r.ctx.Err(), "the record's context does not end with the client")
			})
		}
	})
}

func TestADeadlineOfTheServerIsNotTheClientLeaving(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
	got := direct(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, r).one(t)
	assert.Equal(t, slog.LevelError, got.Level)
	assert.Equal(t, "503", got.attrs["error.type"])
}

func TestAHandlerThatWritesAfterItsReturnIsNotARaceOfOurs(t *testing.T) {
	c := newCapture()
	begun, finished := make(chan struct{}), make(chan struct{})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		go func() {
			defer close(finished)
			close(begun)
			for range 1000 {
				_, _ = w.Write([]byte("late"))
			}
		}()
		<-begun
	})).ServeHTTP(sink{}, r)
	<-finished
	c.one(t)
}

// sink is a ResponseWriter without state, for tests in which only ours may race.
type sink struct{}

func (sink) Header() http.Header         { return nil }
func (sink) Write(b []byte) (int, error) { return len(b), nil }
func (sink) WriteHeader(int)             {}
