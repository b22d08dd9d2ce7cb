package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// exchange is one request while it is served. Exchanges are not pooled: a handler
// may write to its ResponseWriter, and read its context, after it returned.
type exchange struct {
	outer *http.Request // as it reached the middleware
	inner *http.Request // as the handler has it
	// path is kept from before the handler, which may rewrite the URL in place.
	path   string
	header http.Header // of the response

	start    time.Time
	now      time.Time // the end
	duration time.Duration

	scope    scope
	response response
	body     countingBody

	returned bool // the handler came back by itself
	ending   ending
	status   int
}

// begin prepares the request for the handler: it carries the trace context of its
// traceparent header and the scope that SetRoute writes to.
func begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{outer: r, path: requestPath(r), header: w.Header(), start: time.Now()}
	x.response.request = r
	x.inner = r.WithContext(context.WithValue(withTrace(r), scopeKey{}, &x.scope))
	// A body of known length needs no counting, and one that is absent must stay
	// http.NoBody, which handlers and proxies compare with.
	if r.ContentLength < 0 && r.Body != nil && r.Body != http.NoBody {
		x.body.ReadCloser = r.Body
		x.inner.Body = &x.body
	}
	return x
}

// finish fixes how the exchange ended; v is the value of a panic.
func (x *exchange) finish(v any) {
	x.now = time.Now()
	x.duration = x.now.Sub(x.start)
	sent := x.response.status()
	gone := x.outer.Context().Err() == context.Canceled && !x.response.complete(x.header) && !x.response.failed.Load()
	x.ending = endingOf(x.returned, v, gone)
	x.status = finalStatus(x.ending, sent)
}

// giveBack leaves in the outer request what the handler left in its copy (M2).
// Without it net/http would not find the temporary files of a multipart form, and
// never remove them.
func (x *exchange) giveBack() {
	x.outer.Form = x.inner.Form
	x.outer.PostForm = x.inner.PostForm //nolint:forbidigo // The field, not the function http.PostForm.
	x.outer.MultipartForm = x.inner.MultipartForm
	x.outer.Pattern = x.inner.Pattern
}

// requestSize returns the size of the request's body: what it declared, or what the
// handler read of a body without a length.
func (x *exchange) requestSize() int64 {
	if x.outer.ContentLength >= 0 {
		return x.outer.ContentLength
	}
	return x.body.read.Load()
}

// requestPath returns the path as it was on the wire, escaped, so that it holds
// neither line breaks nor terminal escapes. An empty path means the root.
func requestPath(r *http.Request) string {
	if p := r.URL.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

// withTrace returns the request's context with the trace context of its traceparent
// header, unless there is one already, from a tracing middleware outside of this one.
func withTrace(r *http.Request) context.Context {
	ctx, values := r.Context(), r.Header["Traceparent"]
	if len(values) != 1 { // more than one is invalid by the W3C recommendation
		return ctx
	}
	if _, ok := ledger.TraceFromContext(ctx); ok {
		return ctx
	}
	tc, ok := ledger.ParseTraceparent(values[0])
	if !ok {
		return ctx
	}
	return ledger.ContextWithTrace(ctx, tc)
}
