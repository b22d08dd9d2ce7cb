package middleware

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// Option changes what is recorded. Options are independent of each other and of their
// order, unless they say otherwise; of two that set the same thing the last counts. A
// nil Option, and a nil function in an option, ask for nothing.
//
// The functions that options take are called on the goroutine of the request, from any
// number of them at once. They must not change the request, nor keep it. A panic in one is
// contained and counted in [Stats]; the option then does what it says for that case.
type Option func(*config)

// WithSkip leaves out the requests for which f returns true. It is asked before the
// handler: a skipped request is passed on untouched, and not even its panic is
// recorded. SetRoute, SetError and AddAttrs do nothing for it. A panic in f skips
// nothing.
func WithSkip(f func(r *http.Request) bool) Option {
	return func(c *config) { c.skip = f }
}

// WithKeep leaves out the requests for which f returns false. It is asked when the
// handler is done, with the status to record and how long it took. It is not asked, and
// the request is recorded, after a panic, a status of 500 and above, an error that
// [SetError] named, or what [WithSlow] calls slow. A panic in f keeps the request.
func WithKeep(f func(r *http.Request, status int, took time.Duration) bool) Option {
	return func(c *config) { c.keep = f }
}

// WithSlow records every request that took d or longer, whatever WithKeep, WithSample,
// WithRoutedOnly and WithNoiseFilter say. 0, the default, and less mean that none is
// slow.
func WithSlow(d time.Duration) Option {
	return func(c *config) { c.slow = d }
}

// WithSample records one request of every n, for each route by itself: of the given
// routes or, if there are none, of every route that no other call of WithSample names.
// Requests without a route share one count. 1 and less record every request.
//
//	middleware.WithSample(10), middleware.WithSample(1000, "/healthz"), middleware.WithSample(1, "/pay/{id}")
//
// The first request of a route is recorded, then every n-th after it. The attribute
// ledger.sampled_requests of a record says for how many requests it stands, itself
// included, if that is more than one. Requests that [WithKeep] would not ask about
// are always recorded, and take no part in the count.
func WithSample(n int, routes ...string) Option {
	return func(c *config) {
		if c.sampler == nil {
			c.sampler = new(policy.Sampler)
		}
		c.sampler.Set(n, routes...)
	}
}

// WithRoutedOnly leaves out requests that matched no route, apart from those that
// [WithKeep] would not ask about. For a handler without a router, and without SetRoute,
// that is every request.
func WithRoutedOnly() Option {
	return func(c *config) { c.routedOnly = true }
}

// WithNoiseFilter leaves out what scanners, crawlers and browsers ask every server
// for: /.env, /wp-login.php, /favicon.ico and the like. Paths are further ones: "/path",
// "/below/" for everything below it, "*.ext" for every path that ends so. Case and
// repeated slashes do not matter.
//
// Only a request that matched no route and was answered with 404, 405 or 410 is noise:
// an /admin that exists is recorded.
func WithNoiseFilter(paths ...string) Option {
	return func(c *config) { c.noise = policy.NewNoise(paths...) }
}

// WithStartEvent logs an event of its own for a request that still runs after d, so
// that long streams and upgraded connections are seen before they end. Its event name
// is http.server.request.started, its type custom; it says what is known of the
// request, with http.route if SetRoute named it by then. The record at the end is made
// all the same, and the event never comes after it. 0 and less mean no events.
func WithStartEvent(d time.Duration) Option {
	return func(c *config) { c.startAfter = d }
}

// WithLevelFunc sets the level of a record: f is given the status to record, which is
// 499 for a client that left before it was answered. A panic of the handler is always
// an error; f is not asked. A panic in f leaves the level that the package would have
// chosen.
func WithLevelFunc(f func(r *http.Request, status int) slog.Level) Option {
	return func(c *config) { c.level = f }
}

// WithRecover answers 500 for a handler that panicked, instead of raising the panic
// again. If the response was begun already it is cut off, by http.ErrAbortHandler, so
// that no client takes a part for the whole; if the connection was hijacked it is left
// alone. The panic is recorded as ever. http.ErrAbortHandler and runtime.Goexit are not
// answered.
func WithRecover() Option {
	return func(c *config) { c.recovers = true }
}
