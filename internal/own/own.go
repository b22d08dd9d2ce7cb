package own

import (
	"context"
	"log/slog"
)

type key struct{}

// Mark returns a context for what is the library's own.
func Mark(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// Is reports whether ctx was marked.
func Is(ctx context.Context) bool { return ctx != nil && ctx.Value(key{}) != nil }

// Logger returns a logger that writes what l would, with marked contexts.
func Logger(l *slog.Logger) *slog.Logger { return slog.New(handler{l.Handler()}) }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	return h.Handler.Handle(Mark(ctx), r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
