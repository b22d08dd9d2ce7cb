package ledger

import (
	"context"
	"log/slog"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// HandlerOptions are for [Client.Handler] what slog.HandlerOptions are for the
// handlers of slog.
type HandlerOptions struct {
	// Level is the least level that is logged; nil means slog.LevelInfo.
	Level slog.Leveler
	// AddSource adds code.function.name, code.file.path and code.line.number.
	AddSource bool
	// ReplaceAttr is called for every attribute outside of groups, and for those in
	// groups with the groups' names, before it is logged; a zero Attr drops it. It is
	// also called, without groups, for the time, level, message and source, by slog's
	// keys. One of these that comes back under another key, or with a value of
	// another type, is logged as an attribute.
	ReplaceAttr func(groups []string, a slog.Attr) slog.Attr
}

// Handler returns a handler that logs through c, with type "logger". The trace is
// taken from the context of the call. Groups become dotted keys.
//
// The first attribute that is an error keeps its key and is also the record's Err.
// At slog.LevelError and above such a record is an exception, which the server
// groups by its type and the place of the log call.
func (c *Client) Handler(opts *HandlerOptions) slog.Handler { return newHandler(c, opts) }

// logger is what a handler needs of a Client.
type logger interface {
	Log(ctx context.Context, r Record) error
}

// handler is immutable: WithAttrs and WithGroup return copies.
type handler struct {
	log    logger
	opts   HandlerOptions
	groups []string    // open groups, for ReplaceAttr
	prefix string      // the same, as the start of a key
	attrs  []slog.Attr // of WithAttrs, flat and plain
	err    error       // the first error among them
}

func newHandler(log logger, opts *HandlerOptions) *handler {
	h := &handler{log: log}
	if opts != nil {
		h.opts = *opts
	}
	return h
}

// Enabled reports whether level is logged.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	least := slog.LevelInfo
	if h.opts.Level != nil {
		least = h.opts.Level.Level()
	}
	return level >= least
}

// WithGroup returns a handler that puts later attributes under name.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	h2 := *h
	h2.groups = append(slices.Clip(h.groups), name)
	h2.prefix = otlp.Join(h.prefix, name)
	return &h2
}

// WithAttrs returns a handler that adds attrs to every record. Their values are
// taken now, so that the caller may change what they refer to.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	f := h.flattener(slices.Clip(h.attrs))
	for _, a := range attrs {
		f.add(h.groups, h.prefix, a, maxGroups)
	}
	for i := len(h.attrs); i < len(f.attrs); i++ {
		f.attrs[i].Value = detached(otlp.Plain(f.attrs[i].Value))
	}
	h2 := *h
	h2.attrs, h2.err = f.attrs, f.err
	return &h2
}

// Handle logs r.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	// A copy, because BeforeSend may change the attributes of its record.
	attrs := make([]slog.Attr, 0, len(h.attrs)+r.NumAttrs()+4)
	f := h.flattener(append(attrs, h.attrs...))
	r.Attrs(func(a slog.Attr) bool {
		f.add(h.groups, h.prefix, a, maxGroups)
		return true
	})
	rec := Record{Time: r.Time, Level: r.Level, Message: r.Message, Type: TypeLogger, Err: f.err}
	if h.opts.ReplaceAttr != nil {
		f.replaceBuiltins(&rec)
	}
	if h.opts.AddSource {
		f.addSource(r.Source())
	}
	if f.err != nil && rec.Level >= slog.LevelError {
		rec.Type = TypeException
		if r.PC != 0 && errorStack(f.err) == "" {
			rec.Stack = []byte(pcStack([]uintptr{r.PC}))
		}
	}
	rec.Attrs = f.attrs
	return h.log.Log(ctx, rec)
}

// detached copies a plain value that shares memory with the caller.
func detached(v slog.Value) slog.Value {
	if v.Kind() != slog.KindAny {
		return v
	}
	switch x := v.Any().(type) {
	case []byte:
		return slog.AnyValue(slices.Clone(x))
	case []string:
		return slog.AnyValue(slices.Clone(x))
	case []int:
		return slog.AnyValue(slices.Clone(x))
	case []int64:
		return slog.AnyValue(slices.Clone(x))
	case []float64:
		return slog.AnyValue(slices.Clone(x))
	case []bool:
		return slog.AnyValue(slices.Clone(x))
	}
	return v // Plain made the lists of other types itself
}
