package middleware

import "net/http"

// Option changes what a middleware records.
type Option func(*config)

type config struct {
	routeFunc func(*http.Request) string
	mux       Matcher
	query     *redactor // nil: queries are not recorded
}

// WithRouteFunc asks f for the route of a request once it was served, for routers
// other than net/http's. The request is the one that the handler got. With chi, for
// example:
//
//	middleware.WithRouteFunc(func(r *http.Request) string {
//		return chi.RouteContext(r.Context()).RoutePattern()
//	})
//
// An empty answer leaves the question to the other sources. A panic in f counts as
// an empty answer.
func WithRouteFunc(f func(*http.Request) string) Option {
	return func(c *config) { c.routeFunc = f }
}

// WithMux asks m for the route of a request whose pattern was not seen: where a
// middleware between this one and the mux passes on a copy of the request (as
// Request.WithContext makes), the mux writes the pattern into that copy.
func WithMux(m Matcher) Option {
	return func(c *config) { c.mux = m }
}

// WithQuery records url.query. Parameters that are known to carry secrets keep their
// name and get the value REDACTED: those of OpenTelemetry's list, every name that is
// or ends in key, token, password, passwd, secret, signature or credential, the names
// auth, authorization, code, jwt, pwd, sig and state, and the names given here. Case
// does not matter.
func WithQuery(redact ...string) Option {
	return func(c *config) { c.query = newRedactor(redact) }
}
