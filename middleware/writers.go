package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/felixge/httpsnoop"
)

// optional is what the writers of HTTP/1.1 and HTTP/2 have in common.
type optional interface {
	http.ResponseWriter
	http.Flusher
	http.CloseNotifier //nolint:staticcheck // Deprecated, and still to be kept.
	io.StringWriter
	FlushError() error
	SetReadDeadline(deadline time.Time) error
	SetWriteDeadline(deadline time.Time) error
	EnableFullDuplex() error
}

// http1Writer has the methods of net/http's writer for HTTP/1.1.
type http1Writer interface {
	optional
	http.Hijacker
	io.ReaderFrom
}

// http2Writer has the methods of net/http's writer for HTTP/2.
type http2Writer interface {
	optional
	http.Pusher
}

// wrap returns w with the notes in between. The result has the optional interfaces
// that w has, no more and no fewer (M2): io.Copy, http.ResponseController and handlers
// choose their way by them. Two sets are those of net/http's writers, and of whatever
// wraps these as carefully; they have types of their own, which live in p and cost no
// allocation. The set with none but Unwrap has one, because what is asked of the writer
// underneath must be seen. For the other sets httpsnoop has one type each.
//
// Each method calls on first: a call that panics or fails has sent nothing.
func (p *response) wrap(w http.ResponseWriter) http.ResponseWriter {
	p.out = p.shape(w)
	return p.out
}

func (p *response) shape(w http.ResponseWriter) http.ResponseWriter {
	if w1, ok := w.(http1Writer); ok {
		if _, more := w.(http.Pusher); !more {
			p.http1 = w1
			return (*response1)(p)
		}
	} else if w2, ok := w.(http2Writer); ok && !hasHTTP1(w) {
		p.http2 = w2
		return (*response2)(p)
	}
	if isPlain(w) {
		return &response0{w, p}
	}
	return httpsnoop.Wrap(w, p.hooks(w))
}

// hasHTTP1 reports whether w has a method that only the writer of HTTP/1.1 has.
func hasHTTP1(w http.ResponseWriter) bool {
	if _, ok := w.(http.Hijacker); ok {
		return true
	}
	_, ok := w.(io.ReaderFrom)
	return ok
}

// hooks does for any writer what response1 and response2 do for theirs.
func (p *response) hooks(w http.ResponseWriter) httpsnoop.Hooks {
	return httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(code int) {
				next(code)
				p.send(code)
			}
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(b []byte) (int, error) {
				n, err := next(b)
				p.wroteBytes(b, n)
				return n, err
			}
		},
		WriteString: func(next httpsnoop.WriteStringFunc) httpsnoop.WriteStringFunc {
			return func(s string) (int, error) {
				n, err := next(s)
				p.wroteString(s, n)
				return n, err
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(src io.Reader) (int64, error) {
				return p.readFrom(src, next, func(b []byte) (int, error) {
					n, err := w.Write(b)
					p.wroteBytes(b, n)
					return n, err
				})
			}
		},
		// httpsnoop takes FlushError through this hook as well.
		Flush: func(next httpsnoop.FlushFunc) httpsnoop.FlushFunc {
			return func() {
				next()
				p.flushed()
			}
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				conn, rw, err := next()
				if err == nil {
					p.tookOver()
				}
				return conn, rw, err
			}
		},
	}
}
