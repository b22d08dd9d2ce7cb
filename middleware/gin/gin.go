package ledgergin

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// New returns a middleware that records every request in c. It should be the first
// that the engine uses. A nil client turns it off. The options are those of package
// middleware; the client stays the caller's, who shuts it down after the server.
func New(c *ledger.Client, opts ...middleware.Option) gin.HandlerFunc {
	if c == nil {
		return func(*gin.Context) {}
	}
	recorder := middleware.NewRecorder(c, opts...)
	return func(g *gin.Context) {
		if exchange.FromContext(g.Request.Context()) != nil {
			next(g) // there is a record of this request, made outside of this middleware
			return
		}
		outer := g.Writer
		// Also when a handler panics: a recovery outside of this middleware must
		// find the writer that it would have found without.
		defer func() { g.Writer = outer }()
		recorder.Serve(outer, g.Request, func(w http.ResponseWriter, r *http.Request) {
			g.Writer, g.Request = &writer{ResponseWriter: outer, counted: w}, r
			next(g)
			// gin sends a status without a body when the whole chain is done.
			w.WriteHeader(outer.Status())
		})
	}
}

// next goes on with the chain and tells the record of the route and the errors.
func next(g *gin.Context) {
	ctx := g.Request.Context()
	if pattern := g.FullPath(); pattern != "" {
		middleware.SetRoute(ctx, pattern)
	}
	defer func() { tell(ctx, g.Errors) }()
	g.Next()
}

// tell names what handlers gave to Context.Error as the reason for the answer, unless
// one named another.
func tell(ctx context.Context, errs []*gin.Error) {
	state := exchange.FromContext(ctx)
	if len(errs) == 0 || state == nil || state.Reason() != nil {
		return
	}
	if len(errs) == 1 {
		state.SetError(errs[0].Err)
		return
	}
	all := make([]error, 0, len(errs))
	for _, e := range errs {
		all = append(all, e.Err)
	}
	state.SetError(errors.Join(all...))
}
