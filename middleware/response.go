package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/felixge/httpsnoop"
)

// response counts what a handler sends. Its fields are atomic because a handler may
// still write from a goroutine of its own while the record is made.
type response struct {
	request  *http.Request // its context is canceled when the client goes away
	code     atomic.Int32  // the first final status, 0 if none yet
	bytes    atomic.Int64  // of the body
	hijacked atomic.Bool
	failed   atomic.Bool // a 5xx was sent while the client was there
}

// status returns the first final status that was sent, 0 if none was.
func (p *response) status() int { return int(p.code.Load()) }

// complete reports whether the response has the length that it declared. A client
// that leaves after such a response has missed nothing.
func (p *response) complete(h http.Header) bool {
	n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	return err == nil && n == p.bytes.Load()
}

// send notes that code went out. Only the first final status counts: 1xx precede
// it, except 101, which ends HTTP on the connection.
func (p *response) send(code int) {
	if code < 200 && code != http.StatusSwitchingProtocols {
		return
	}
	if p.code.CompareAndSwap(0, int32(code)) && code >= 500 && p.request.Context().Err() == nil {
		p.failed.Store(true)
	}
}

// wrap returns w with the counting in between. Each hook calls on first: a call that
// panics or fails has sent nothing.
func (p *response) wrap(w http.ResponseWriter) http.ResponseWriter {
	return httpsnoop.Wrap(w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(code int) {
				next(code)
				p.send(code)
			}
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(b []byte) (int, error) {
				n, err := next(b)
				p.wrote(int64(n))
				return n, err
			}
		},
		WriteString: func(next httpsnoop.WriteStringFunc) httpsnoop.WriteStringFunc {
			return func(s string) (int, error) {
				n, err := next(s)
				p.wrote(int64(n))
				return n, err
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(src io.Reader) (int64, error) {
				n, err := next(src)
				p.wrote(n)
				return n, err
			}
		},
		// A flush before the first write sends 200. httpsnoop takes FlushError
		// through this hook as well.
		Flush: func(next httpsnoop.FlushFunc) httpsnoop.FlushFunc {
			return func() {
				next()
				p.send(http.StatusOK)
			}
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				conn, rw, err := next()
				if err == nil {
					p.hijacked.Store(true)
					p.send(http.StatusSwitchingProtocols)
				}
				return conn, rw, err
			}
		},
	})
}

// wrote notes n bytes of the body. Writing sends 200 if no status was sent.
func (p *response) wrote(n int64) {
	p.bytes.Add(n)
	p.send(http.StatusOK)
}

// countingBody counts what is read of a request body without a declared length.
type countingBody struct {
	io.ReadCloser
	read atomic.Int64
}

// Read reads on and counts.
func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}
