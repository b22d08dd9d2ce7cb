package ledgerfiber

import (
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// Option changes what is recorded. The functions that options take are called on the
// goroutine of the request, from any number of them at once, and must not keep c. A
// panic in one is contained; the option then does what it says for that case. A nil
// Option, and a nil function in an option, ask for nothing.
type Option func(*config)

type config struct {
	skip     func(fiber.Ctx) bool
	keep     func(c fiber.Ctx, status int, took time.Duration) bool
	level    func(c fiber.Ctx, status int) slog.Level
	client   func(fiber.Ctx) string
	query    *policy.Redactor
	recovers bool
}

// WithSkip leaves out the requests for which f returns true. It is asked before the
// handlers: a skipped request is passed on untouched, and not even its panic is
// recorded. A panic in f skips nothing.
func WithSkip(f func(c fiber.Ctx) bool) Option {
	return func(cfg *config) { cfg.skip = f }
}

// WithKeep leaves out the requests for which f returns false. It is asked when the
// handlers are done, with the status to record and how long they took. It is not asked,
// and the request is recorded, after a panic, a status of 500 and above, or an error
// that middleware.SetError named. A panic in f keeps the request.
func WithKeep(f func(c fiber.Ctx, status int, took time.Duration) bool) Option {
	return func(cfg *config) { cfg.keep = f }
}

// WithLevelFunc sets the level of a record by its status. A panic of the handler is
// always an error; f is not asked. A panic in f leaves the level that the package would
// have chosen.
func WithLevelFunc(f func(c fiber.Ctx, status int) slog.Level) Option {
	return func(cfg *config) { cfg.level = f }
}

// WithClientIP records what f returns as client.address, which is that of the connection
// otherwise: forwarding headers are anyone's claim. An app that is configured for its
// proxies (TrustProxy, TrustProxyConfig and ProxyHeader) gives fiber.Ctx.IP:
//
//	ledgerfiber.WithClientIP(fiber.Ctx.IP)
//
// An empty answer, and a panic in f, leave the address of the connection.
func WithClientIP(f func(c fiber.Ctx) string) Option {
	return func(cfg *config) { cfg.client = f }
}

// WithQuery records url.query. Parameters that are known to carry secrets, and those
// named here, keep their name and get the value REDACTED, as with middleware.WithQuery.
func WithQuery(redact ...string) Option {
	return func(cfg *config) { cfg.query = policy.NewRedactor(redact...) }
}

// WithRecover answers a panic of a handler, after it was recorded, with the answer that
// the app's ErrorHandler has for fiber.ErrInternalServerError.
func WithRecover() Option {
	return func(cfg *config) { cfg.recovers = true }
}

// contained asks a function of the application's; if it panics, otherwise is the
// answer (M4).
func contained[T any](f func() T, otherwise T) (answer T) {
	defer func() {
		if recover() != nil {
			answer = otherwise
		}
	}()
	return f()
}
