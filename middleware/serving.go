package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// serving is one request while it is served, in one allocation but for what options
// ask for. It is not pooled: a
// handler may write to its ResponseWriter, and read its context, after it returned.
type serving struct {
	outer *http.Request // as it reached the middleware
	inner *http.Request // as the handler has it
	asked asked

	start    time.Time
	state    exchange.State
	record   recordContext
	response response
	body     *requestBody // nil if there is nothing to note of it
	timer    *startTimer  // nil without start events

	returned bool // the handler came back by itself
}

// begin prepares the request for the handler: it carries the trace context of its
// traceparent header, and the state that SetRoute and the like change.
func (rec *Recorder) begin(w http.ResponseWriter, r *http.Request) *serving {
	ctx := withTrace(r)
	x := &serving{outer: r, start: time.Now(), record: recordContext{ctx}}
	x.asked.take(r, &rec.cfg)
	x.response.cfg, x.response.ctx, x.response.header = &rec.cfg, ctx, w.Header()
	x.response.head = r.Method == http.MethodHead
	if rec.cfg.answerID && x.asked.requestID != "" {
		x.response.header[requestIDHeader] = []string{x.asked.requestID}
	}
	x.inner = r.WithContext(x.state.Enter(ctx, r.Method, x.asked.requestID))
	x.body = watch(x.inner, rec.cfg.requestBody)
	if rec.cfg.startAfter > 0 {
		x.timer = rec.startLater(x)
	}
	return x
}

// gone reports whether the client left before it had what it asked for.
func (x *serving) gone(h sentHeader) bool {
	return x.response.ctx.Err() == context.Canceled && !x.response.complete(h) && !x.response.failed.Load()
}

// giveBack leaves in the outer request what the handler left in its copy (M2).
// Without it net/http would not find the temporary files of a multipart form, and
// never remove them.
func (x *serving) giveBack() {
	x.outer.Form = x.inner.Form
	x.outer.PostForm = x.inner.PostForm //nolint:forbidigo // The field, not the function http.PostForm.
	x.outer.MultipartForm = x.inner.MultipartForm
	x.outer.Pattern = x.inner.Pattern
}

// requestSize returns the size of the request's body: what it declared, or what the
// handler read of a body without a length.
func (x *serving) requestSize() int64 {
	if x.outer.ContentLength >= 0 {
		return x.outer.ContentLength
	}
	if x.body == nil {
		return 0
	}
	return x.body.read.Load()
}

// recordContext is what the record is logged with: the request's context and its
// trace, but not its end, for the record of a client that left is wanted like any
// other, and not its scope, whose attributes are in the record.
type recordContext struct {
	context.Context //nolint:containedctx // It is one link in the chain of contexts, in one allocation with the rest.
}

func (*recordContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*recordContext) Done() <-chan struct{}       { return nil }
func (*recordContext) Err() error                  { return nil }

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
