package middleware

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
)

// scope is what the code inside a request can reach of its record.
type scope struct {
	route atomic.Pointer[string]
}

type scopeKey struct{}

// SetRoute names the route of the request that ctx belongs to, "/orders/{id}" for
// example. It wins over every other source, and a later call over an earlier one. It
// is for routers that do not tell: a ServeMux behind http.StripPrefix, or one's own.
// Outside of a request that the middleware serves it does nothing.
func SetRoute(ctx context.Context, pattern string) {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		s.route.Store(&pattern)
	}
}

// Matcher is a router that can be asked which pattern a request matches. A
// *http.ServeMux is one.
type Matcher interface {
	Handler(r *http.Request) (h http.Handler, pattern string)
}

// route returns the pattern that the exchange matched, empty if there is none (M5).
// It never returns the path.
func (c *config) route(x *exchange) string {
	if p := x.scope.route.Load(); p != nil && *p != "" {
		return *p
	}
	if c.routeFunc != nil {
		if p := contained(func() string { return c.routeFunc(x.inner) }); p != "" {
			return p
		}
	}
	if p := trimPattern(x.inner.Pattern); p != "" {
		return p
	}
	if c.mux != nil {
		// Another middleware in between took a copy of the request, and the
		// mux wrote the pattern there.
		return contained(func() string {
			_, p := c.mux.Handler(x.outer)
			return trimPattern(p)
		})
	}
	return ""
}

// trimPattern cuts method and host from a pattern of net/http: "GET example.com/a"
// becomes "/a".
func trimPattern(p string) string {
	if i := strings.IndexByte(p, '/'); i >= 0 {
		return p[i:]
	}
	return ""
}

// contained calls a function that the application gave to an option. If it panics
// the record does without its answer, and the request goes on (M4).
func contained(f func() string) (s string) {
	defer func() {
		if recover() != nil {
			s = ""
		}
	}()
	return f()
}
