package middleware

import (
	"context"
	"log/slog"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// AddAttrs adds attributes to the record of the request that ctx belongs to, and to
// what the application logs with that context from now on. Values are taken at once,
// groups become dotted keys, the last of equal keys wins, and of more than 64 the
// first stay. They never replace what the record says of the request itself.
//
// It may be called from any goroutine. What is added when the request is over is only
// on later logs. Outside of a request it adds to the [ledger.Scope] of ctx, and does
// nothing if there is none.
func AddAttrs(ctx context.Context, attrs ...slog.Attr) {
	if s := exchange.FromContext(ctx); s != nil {
		s.Add(attrs...)
	} else if s := ledger.ScopeFromContext(ctx); s != nil {
		s.Add(attrs...)
	}
}

// SetError names err as the reason for the answer to the request that ctx belongs to:
// its record gets exception.type and exception.message, and exception.stacktrace if
// err carries a stack. The record stays one of an endpoint. Its level is Warn at
// least, unless the client left or the handler aborted; error.type says what the
// status says.
//
// It may be called from any goroutine. Of several errors the last is recorded; nil
// takes it back. A panic wins over it. Outside of a request, and when it is over,
// SetError does nothing.
func SetError(ctx context.Context, err error) { exchange.FromContext(ctx).SetError(err) }

// SetRoute names the route of the request that ctx belongs to, "/orders/{id}" for
// example. It wins over every other source, and a later call over an earlier one. It
// is for routers that do not tell: a ServeMux behind http.StripPrefix, or one's own.
// What the application logs with that context from now on carries it as http.route.
//
// It may be called from any goroutine. Outside of a request that the middleware
// serves it does nothing.
func SetRoute(ctx context.Context, pattern string) { exchange.FromContext(ctx).SetRoute(pattern) }

// RequestID returns the ID of the request that ctx belongs to: the one that it came with
// or, with [WithRequestID], was given. It is empty if there is none.
func RequestID(ctx context.Context) string { return exchange.FromContext(ctx).RequestID() }
