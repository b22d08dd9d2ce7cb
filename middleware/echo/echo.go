package ledgerecho

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v5"
	echomw "github.com/labstack/echo/v5/middleware"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// New returns a middleware that records every request in c. It should be the first
// that the instance uses. A nil client turns it off. The options are those of package
// middleware; the client stays the caller's, who shuts it down after the server.
func New(c *ledger.Client, opts ...middleware.Option) echo.MiddlewareFunc {
	if c == nil {
		return func(next echo.HandlerFunc) echo.HandlerFunc { return next }
	}
	recorder := middleware.NewRecorder(c, opts...)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(e *echo.Context) (err error) {
			if exchange.FromContext(e.Request().Context()) != nil {
				return chain(e, next) // there is a record of this request, made outside of this middleware
			}
			bottom, unwrapErr := echo.UnwrapResponse(e.Response())
			if unwrapErr != nil { // somebody put a writer there that hides echo's
				recorder.Serve(e.Response(), e.Request(), func(w http.ResponseWriter, r *http.Request) {
					e.SetResponse(w)
					e.SetRequest(r)
					err = chain(e, next)
				})
				return err
			}
			// The recorder goes below echo's response, where it sees what is sent
			// and what handlers find above it is what they would have found.
			outer := bottom.ResponseWriter
			defer func() { bottom.ResponseWriter = outer }()
			recorder.Serve(outer, e.Request(), func(w http.ResponseWriter, r *http.Request) {
				bottom.ResponseWriter = w
				e.SetRequest(r)
				err = chain(e, next)
			})
			return err
		}
	}
}

// chain goes on with the chain and tells the record of the route and the error. An
// error is answered here, as echo's own logger does it: echo would do it outside of
// every middleware, and its status would be nobody's to record.
func chain(e *echo.Context, next echo.HandlerFunc) error {
	ctx := e.Request().Context()
	route(e)
	err := next(e)
	route(e) // for Echo.Pre, where the route is not known before
	if err == nil {
		return nil
	}
	e.Echo().HTTPErrorHandler(e, err)
	state := exchange.FromContext(ctx)
	if state == nil || state.Reason() != nil {
		return err
	}
	if _, status := echo.ResolveResponseStatus(e.Response(), err); status >= http.StatusInternalServerError {
		state.SetError(cause(err))
	} else {
		// What the client did wrong is no exception of this server's.
		middleware.AddAttrs(ctx, slog.String("error.message", otlp.ErrorText(err)))
	}
	return err
}

// route tells the record of the pattern that the request matched, unless a handler
// named another.
func route(e *echo.Context) {
	pattern := e.Path()
	if pattern == "" {
		return
	}
	if s := exchange.FromContext(e.Request().Context()); s != nil && s.Route() == "" {
		s.SetRoute(pattern)
	}
}

// cause returns the error of a panic without the stack that echo's Recover puts into
// its text.
func cause(err error) error {
	if p, ok := errors.AsType[*echomw.PanicStackError](err); ok {
		return p.Err
	}
	return err
}
