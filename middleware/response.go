package middleware

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// response notes what a handler sends. It is safe for concurrent use, because a
// handler may still write from a goroutine of its own while the record is made.
type response struct {
	cfg    *config
	ctx    context.Context //nolint:containedctx // The request's, which is canceled when the client goes away.
	header http.Header
	head   bool // the request was HEAD: no body is sent, whatever the handler writes

	claimed  atomic.Bool  // somebody is taking down the header that goes out
	code     atomic.Int32 // the first final status, 0 if none yet; published after sent
	sent     sentHeader
	bytes    atomic.Int64 // of the body
	hijacked atomic.Bool
	failed   atomic.Bool // a 5xx was sent while the client was there

	// The writer underneath, if it is of one of these forms, and what the handler
	// got for it. See wrap.
	http1 http1Writer
	http2 http2Writer
	out   http.ResponseWriter
}

// send notes that code went out. Only the first final status counts: 1xx precede
// it, except 101, which ends HTTP on the connection.
func (p *response) send(code int) {
	if p.code.Load() != 0 || code < 200 && code != http.StatusSwitchingProtocols {
		return
	}
	if !p.claimed.CompareAndSwap(false, true) {
		return
	}
	if code >= 500 && p.ctx.Err() == nil {
		p.failed.Store(true)
	}
	p.sent = p.takeHeader(code)
	p.code.Store(int32(code))
}

// settle returns the first final status that was sent, 0 if none was, and what the
// header says: at that time or, if nothing was sent, now, as net/http will send it.
// From then on the application may do with the header what it likes.
func (p *response) settle() (int, sentHeader) {
	if code := p.code.Load(); code != 0 {
		return int(code), p.sent
	}
	if p.claimed.CompareAndSwap(false, true) {
		return 0, p.takeHeader(http.StatusOK)
	}
	return 0, sentHeader{} // a goroutine of the handler is sending at this moment
}

// complete reports whether the response has the length that it declared. A client
// that leaves after such a response has missed nothing.
func (p *response) complete(h sentHeader) bool {
	n, err := strconv.ParseInt(h.length, 10, 64)
	return err == nil && n == p.bytes.Load()
}

// wrote notes n bytes of the body. Writing sends 200 if no status was sent.
func (p *response) wrote(n int64) {
	p.bytes.Add(n)
	p.send(http.StatusOK)
}

// wroteBytes notes that n bytes of b were written. n is what a writer of the
// application's may say, and need not make sense.
func (p *response) wroteBytes(b []byte, n int) {
	p.wrote(int64(n))
	if m := p.more(); m != nil {
		m.keep(b[:max(0, min(n, len(b)))])
	}
}

// wroteString is wroteBytes for a string, of which only what may be shown is copied.
func (p *response) wroteString(s string, n int) {
	p.wrote(int64(n))
	if m := p.more(); m != nil {
		m.keep([]byte(s[:max(0, min(n, len(s), policy.MaxPreview+1))]))
	}
}

// more returns what options asked for, once the header is taken down.
func (p *response) more() *sentMore {
	if p.code.Load() == 0 {
		return nil
	}
	return p.sent.more
}

// flushed notes a flush, which sends 200 if no status was sent.
func (p *response) flushed() { p.send(http.StatusOK) }

// tookOver notes that the handler has the connection.
func (p *response) tookOver() {
	p.hijacked.Store(true)
	p.send(http.StatusSwitchingProtocols)
}

// readFrom copies from src by next, the writer's own way, which may be sendfile. Where
// a preview is wanted, the beginning passes through write.
func (p *response) readFrom(src io.Reader, next func(io.Reader) (int64, error), write func([]byte) (int, error)) (int64, error) {
	var begun int64
	if limit := p.cfg.previewLimit(int(p.code.Load())); limit > 0 && !p.head {
		var err error
		// One byte more, so that the preview knows whether it is all.
		begun, err = io.CopyN(writerFunc(write), src, int64(limit)+1)
		if err == io.EOF { //nolint:errorlint // CopyN returns the value itself.
			return begun, nil
		}
		if err != nil {
			return begun, err
		}
	}
	n, err := next(src)
	p.wrote(n)
	return begun + n, err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// previewLimit returns how many bytes are kept of the body of a response with this
// status, if it is text.
func (c *config) previewLimit(status int) int {
	if status >= http.StatusBadRequest {
		return max(c.errorBody, c.responseBody)
	}
	return c.responseBody
}
