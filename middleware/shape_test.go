package middleware

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/felixge/httpsnoop"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Writers of shapes between and beside those of net/http.
type (
	onlyFlush struct {
		http.ResponseWriter
		http.Flusher
	}
	onlyFrom struct {
		http.ResponseWriter
		io.ReaderFrom
	}
	onlyHijack struct {
		http.ResponseWriter
		http.Hijacker
	}
	everything struct {
		*stub1
		http.Pusher
	}
	push1 struct { // HTTP/2's, and a method of HTTP/1.1's
		*stub2
		http.Hijacker
	}
	from2 struct {
		*stub2
		io.ReaderFrom
	}
	plain struct { // what a small middleware makes
		http.ResponseWriter
	}
	lessFlushError struct { // HTTP/1.1's before Go 1.20
		http.ResponseWriter
		http.Flusher
		http.Hijacker
		io.ReaderFrom
		io.StringWriter
		http.CloseNotifier
	}
)

func (p plain) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func shapes() map[string]http.ResponseWriter {
	s1, s2 := &stub1{}, &stub2{}
	return map[string]http.ResponseWriter{
		"http1": s1, "http2": s2, "least": sink{}, "plain": plain{sink{}}, "recorder": httptest.NewRecorder(),
		"flush": onlyFlush{sink{}, s1}, "from": onlyFrom{sink{}, s1}, "hijack": onlyHijack{sink{}, s1},
		"everything": everything{s1, s2}, "http2 that hijacks": push1{s2, s1}, "http2 that reads": from2{s2, s1},
		"http1 without FlushError": lessFlushError{sink{}, s1, s1, s1, s1, s1},
	}
}

func wrapped(w http.ResponseWriter) (*response, http.ResponseWriter) {
	p := &response{cfg: &config{}, ctx: context.Background(), header: w.Header()}
	out := p.wrap(w)
	return p, out
}

// httpsnoop is the oracle: whatever the writer, ours has the same optional interfaces.
func TestEveryShapeIsKept_M2(t *testing.T) {
	for name, w := range shapes() {
		t.Run(name, func(t *testing.T) {
			_, got := wrapped(w)
			assert.Equal(t, interfaces(w), interfaces(got))
			assert.Equal(t, interfaces(httpsnoop.Wrap(w, httpsnoop.Hooks{})), interfaces(got))
			u, ok := got.(interface{ Unwrap() http.ResponseWriter })
			require.True(t, ok)
			assert.True(t, identical(w, u.Unwrap()))
		})
	}
}

// What http.ResponseController finds past a writer that has only Unwrap is recorded.
func TestWhatReachesThePlainWritersConnectionIsRecorded(t *testing.T) {
	outer := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(plain{plain{w}}, r) })
	}
	t.Run("hijack", func(t *testing.T) {
		c := newCapture()
		s := protocol{}.serve(t, outer(wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			assert.Equal(t, interfaces(sink{}), interfaces(w))
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
				_ = conn.Close()
			}
		}))))
		status, _ := get(t, s, "/")
		assert.Equal(t, http.StatusNoContent, status)
		got := c.one(t)
		assert.Equal(t, int64(http.StatusSwitchingProtocols), got.attrs["http.response.status_code"])
		assert.Equal(t, true, got.attrs["ledger.hijacked"])
	})
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		s := p.serve(t, outer(wrap(c, WithResponseHeaders("X-A"))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			rc := http.NewResponseController(w)
			w.Header().Set("X-A", "sent")
			assert.NoError(t, rc.Flush())
			w.Header().Set("X-A", "late")
			assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(time.Minute)))
			w.(unwrapper).Unwrap().(http.Flusher).Flush()
			_, _ = io.WriteString(w.(unwrapper).Unwrap(), "beneath")
		}))))
		_, body := get(t, s, "/")
		assert.Equal(t, "beneath", body)
		got := c.one(t)
		assert.Equal(t, []string{"sent"}, got.attrs["http.response.header.x-a"])
		assert.Equal(t, int64(len("beneath")), got.attrs["http.response.body.size"])
	})
	t.Run("neither", func(t *testing.T) {
		p, w := wrapped(plain{onlyHijack{sink{}, &stub1{}}})
		require.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrNotSupported)
		_, _, err := http.NewResponseController(w).Hijack()
		require.Error(t, err, "the stub's")
		assert.Zero(t, p.code.Load())
	})
}

func TestTheWritersOfNetHTTPNeedNoHooks(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		var got string
		s := p.serve(t, wrap(newCapture())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { got = fmt.Sprintf("%T", w) })))
		get(t, s, "/")
		assert.Equal(t, map[bool]string{false: "*middleware.response1", true: "*middleware.response2"}[p.http2], got)
	})
}

// everyCall calls every method that a writer has, and returns what they return.
func everyCall(w http.ResponseWriter) []any {
	var got []any
	note := func(vs ...any) { got = append(got, vs...) }
	w.Header().Set("A", "b")
	w.WriteHeader(http.StatusAccepted)
	n, err := w.Write([]byte("abc"))
	note(n, err)
	if x, ok := w.(io.StringWriter); ok {
		n, err = x.WriteString("defg")
		note(n, err)
	}
	if x, ok := w.(io.ReaderFrom); ok {
		n, err := x.ReadFrom(strings.NewReader("hijkl"))
		note(n, err)
	}
	if x, ok := w.(http.Flusher); ok {
		x.Flush()
	}
	if x, ok := w.(interface{ FlushError() error }); ok {
		note(x.FlushError())
	}
	if x, ok := w.(http.Pusher); ok {
		note(x.Push("/pushed", nil))
	}
	if x, ok := w.(http.CloseNotifier); ok { //nolint:staticcheck // Deprecated, and still to be kept.
		note(x.CloseNotify())
	}
	if x, ok := w.(http.Hijacker); ok {
		conn, rw, err := x.Hijack()
		note(conn, rw, err)
	}
	rc := http.NewResponseController(w)
	note(rc.Flush(), rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{}), rc.EnableFullDuplex())
	return got
}

func TestEveryMethodReachesTheWriterOnce_M2(t *testing.T) {
	for name, fresh := range map[string]func() (http.ResponseWriter, *stub){
		"http1": func() (http.ResponseWriter, *stub) { s := &stub1{stub: stub{trace: true}}; return s, &s.stub },
		"http2": func() (http.ResponseWriter, *stub) { s := &stub2{stub: stub{trace: true}}; return s, &s.stub },
		"other": func() (http.ResponseWriter, *stub) {
			s := &stub1{stub: stub{trace: true}}
			return everything{s, &stub2{}}, &s.stub
		},
	} {
		t.Run(name, func(t *testing.T) {
			bare, direct := fresh()
			oracle, throughOracle := fresh()
			mine, through := fresh()
			want := everyCall(bare)
			assert.Equal(t, want, everyCall(httpsnoop.Wrap(oracle, httpsnoop.Hooks{})))
			p, w := wrapped(mine)
			assert.Equal(t, want, everyCall(w))
			assert.Equal(t, direct.calls, through.calls)
			assert.Equal(t, throughOracle.calls, through.calls)
			assert.Equal(t, direct.header, through.header)
			assert.Equal(t, int32(http.StatusAccepted), p.code.Load())
			assert.False(t, p.hijacked.Load(), "a failed Hijack takes over nothing")
			size := int64(3 + 4)
			if _, ok := bare.(io.ReaderFrom); ok {
				size += 5
			}
			assert.Equal(t, size, p.bytes.Load())
		})
	}
}

func TestAFlushSendsTheStatus(t *testing.T) {
	for name, w := range map[string]http.ResponseWriter{"http1": &stub1{}, "http2": &stub2{}, "other": httptest.NewRecorder()} {
		for how, flush := range map[string]func(http.ResponseWriter){
			"Flush":      func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
			"controller": func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				p, mine := wrapped(w)
				flush(mine)
				assert.Equal(t, int32(http.StatusOK), p.code.Load())
			})
		}
	}
}

// liar is a writer of the application's that counts what it makes of the bytes.
type liar struct{ n int }

func (liar) Header() http.Header               { return http.Header{"Content-Type": {"text/plain"}} }
func (l liar) Write([]byte) (int, error)       { return l.n, nil }
func (l liar) WriteString(string) (int, error) { return l.n, nil }
func (liar) WriteHeader(int)                   {}
func (liar) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("liar")
}

func TestAWriterThatMiscountsDoesNotBreakTheRequest_M4(t *testing.T) {
	for _, n := range []int{-1, 1 << 20} {
		c := newCapture()
		h := wrap(c, WithResponseBody(100))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("abc"))
			_, _ = io.WriteString(w, "def")
		}))
		assert.NotPanics(t, func() { h.ServeHTTP(liar{n}, httptest.NewRequest(http.MethodGet, "/", nil)) })
		c.one(t)
	}
}
