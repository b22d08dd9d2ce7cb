package ledgerotel

import (
	"log/slog"

	"go.opentelemetry.io/otel/sdk/resource"
)

// Option changes what [NewProcessor] and [NewExporter] return. A nil one asks for nothing.
type Option func(*config)

type config struct {
	level    slog.Leveler
	resource *resource.Resource
}

// WithLevel leaves out records below a level, which may change at any time; their
// severity number is the level's plus 9. A record without a severity number is kept.
func WithLevel(level slog.Leveler) Option {
	return func(c *config) { c.level = level }
}

// WithResource says that the client was opened with [Resource] of res, so that its
// attributes need not be written on every record.
func WithResource(res *resource.Resource) Option {
	return func(c *config) { c.resource = provided(res) }
}
