package middleware

import (
	"context"
	"net/http"
	"sync"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// recorder is what the middleware needs of a *ledger.Client.
type recorder interface {
	Log(ctx context.Context, r ledger.Record) error
}

// New returns a middleware that records every request in c. A nil client turns it
// off: handlers are then returned as they are.
//
// The client stays the caller's, who shuts it down after the server.
func New(c *ledger.Client, opts ...Option) func(http.Handler) http.Handler {
	if c == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	return wrap(c, opts...)
}

func wrap(rec recorder, opts ...Option) func(http.Handler) http.Handler {
	var cfg config
	for _, opt := range opts {
		opt(&cfg)
	}
	return func(next http.Handler) http.Handler {
		return &handler{next: next, rec: rec, cfg: cfg}
	}
}

// handler is one wrapped http.Handler.
type handler struct {
	next http.Handler
	rec  recorder
	cfg  config
	// attrs holds *attrBuffer. Log keeps nothing of a record once it returns.
	attrs sync.Pool
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := begin(w, r)
	defer h.end(x)
	h.next.ServeHTTP(x.response.wrap(w), x.inner)
	x.returned = true
}

// end runs when the handler is done, in whatever way. The panic is raised again from
// within the deferred call: the frames of the first panic are still on the stack,
// and an outer recover finds them there (M3).
func (h *handler) end(x *exchange) {
	v := recover()
	x.finish(v)
	x.giveBack()
	h.record(x, v)
	if v != nil {
		panic(v)
	}
}
