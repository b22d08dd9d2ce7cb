package middleware

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

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
	return func(c *config) { c.query = policy.NewRedactor(redact...) }
}

// WithRequestHeaders records these headers of the request as
// http.request.header.<name>, a list of strings with the name in lower case. Headers
// that carry credentials (Authorization, Cookie, X-Api-Key and their like) are not
// recorded, even if they are named here. Calls add up.
func WithRequestHeaders(names ...string) Option {
	return func(c *config) { c.headers.request = append(c.headers.request, names...) }
}

// WithResponseHeaders does for http.response.header.<name> what [WithRequestHeaders]
// does for the request. The values are those of when the header was sent.
func WithResponseHeaders(names ...string) Option {
	return func(c *config) { c.headers.response = append(c.headers.response, names...) }
}

// WithDeniedHeaders names further headers that are never recorded, whatever
// [WithRequestHeaders] and [WithResponseHeaders] say. Calls add up.
func WithDeniedHeaders(names ...string) Option {
	return func(c *config) { c.headers.denied = append(c.headers.denied, names...) }
}

// WithRequestBody records up to maxBytes of what the handler reads of the request's
// body, at most 64 KiB, as http.request.body.content, if its Content-Type is text, JSON,
// XML or a form and it is not compressed. Nothing is read that the handler does not read.
// A longer one ends in " ...[truncated]". In a form the values of secret parameters are
// hidden, see [WithQuery]; in other text nothing is, apart from what the client's own
// scrubbing finds. 0, the default, and less record none.
func WithRequestBody(maxBytes int) Option {
	return func(c *config) { c.requestBody = bounded(maxBytes) }
}

// WithResponseBody records up to maxBytes of the body of every response, by the rules of
// [WithRequestBody], as http.response.body.content. That of an error response is in
// ledger.response_body, see [WithErrorBody], and only there.
func WithResponseBody(maxBytes int) Option {
	return func(c *config) { c.responseBody = bounded(maxBytes) }
}

// WithErrorBody sets how many bytes of the body of a response with a status of 400 and
// above are recorded, as ledger.response_body, by the rules of [WithRequestBody]. The
// default is 4096: a Ledger server shows it beside the error. 0 and less record none,
// unless [WithResponseBody] asks for it.
func WithErrorBody(maxBytes int) Option {
	return func(c *config) { c.errorBody = bounded(maxBytes) }
}

// WithTrustedProxies takes client.address from X-Forwarded-For, and url.scheme from
// X-Forwarded-Proto, if the connection comes from one of these networks: the header is
// read from its end, and the first address that is in none of them is the client's.
// Without this option or [WithTrustedHops] the client is the other end of the
// connection, whatever headers say. network.peer.address always is.
//
// A connection over a Unix socket, which has no address, counts as one of them. Calls
// add up; invalid prefixes are in no network.
func WithTrustedProxies(networks ...netip.Prefix) Option {
	return func(c *config) {
		c.proxies.Trusted = append(c.proxies.Trusted, slices.DeleteFunc(slices.Clone(networks), func(p netip.Prefix) bool {
			return !p.IsValid()
		})...)
	}
}

// WithTrustedHops is WithTrustedProxies for proxies whose addresses are not known, but
// their number: the client is the n-th address of X-Forwarded-For, from its end. A
// header with fewer did not come that way, and is not believed. Whoever can reach the
// server past its proxies can then choose an address. It is not looked at if there are
// trusted networks. 0, the default, and less trust nobody.
func WithTrustedHops(n int) Option {
	return func(c *config) { c.proxies.Hops = n }
}

// WithForwardedHeader reads the Forwarded header (RFC 7239) instead of X-Forwarded-For,
// for proxies that write that one. It trusts nobody by itself.
func WithForwardedHeader() Option {
	return func(c *config) { c.proxies.Forwarded = true }
}

// WithClientIPFunc asks f for client.address, before the handler, for applications that
// find it out themselves. The request is the one that reached the middleware. An empty
// answer leaves the question to the other options, and so does a panic in f.
func WithClientIPFunc(f func(r *http.Request) string) Option {
	return func(c *config) { c.clientIP = f }
}

// WithRequestID gives every request an ID: that of its X-Request-Id header if it is 1 to
// 128 printable characters, else a new one. It is set as X-Request-Id of the response
// before the handler runs, and [RequestID] returns it to the handler. Without this option
// request.id is recorded if the request, or else the response, carries a valid one.
func WithRequestID() Option {
	return func(c *config) { c.answerID = true }
}
