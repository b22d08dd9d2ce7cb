package middleware

import (
	"io"
	"net/http"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// requestBody notes what the handler reads of a request's body. It reads nothing by
// itself.
type requestBody struct {
	io.ReadCloser
	read atomic.Int64
	kept policy.Preview
}

// Read reads on and takes note.
func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	b.kept.Keep(p[:max(0, min(n, len(p)))])
	return n, err
}

// watch puts a requestBody in front of the body of r if there is something to note: the
// size of a body that declared none, or a preview. A body that is absent must stay
// http.NoBody, which handlers and proxies compare with.
func watch(r *http.Request, limit int) *requestBody {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	show := limit > 0 && policy.IsText(first(r.Header, "Content-Type"), first(r.Header, "Content-Encoding"))
	if !show && r.ContentLength >= 0 {
		return nil
	}
	b := &requestBody{ReadCloser: r.Body}
	if show {
		b.kept.Start(limit)
	}
	r.Body = b
	return b
}
