package ledger

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
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
func (c *Client) Handler(opts *HandlerOptions) slog.Handler { return newHandler(c, opts, c.scrub) }

// logger is what a handler needs of a Client.
type logger interface {
	Log(ctx context.Context, r Record) error
}

// handler is immutable: WithAttrs and WithGroup return copies.
type handler struct {
	log    logger
	scrub  *scrub.Scrubber
	opts   HandlerOptions
	groups []string // open groups, for ReplaceAttr
	prefix string   // the same, as the start of a key
	joins  *joins   // what keys are called behind it
	preset *preset  // of WithAttrs, nil if there are none
	err    error    // the first error among them
}

func newHandler(log logger, opts *HandlerOptions, s *scrub.Scrubber) *handler {
	h := &handler{log: log, scrub: s, joins: new(joins)}
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
	h2.prefix, h2.joins = otlp.Join(h.prefix, name), new(joins)
	return &h2
}

// WithAttrs returns a handler that adds attrs to every record. They are encoded now, so
// that the caller may change what they refer to, and no record pays for them again.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	var all []slog.Attr
	if h.preset != nil {
		all = slices.Clone(h.preset.attrs)
	}
	had := len(all)
	f := h.flattener(all)
	for _, a := range attrs {
		f.add(h.groups, h.prefix, a, maxGroups)
	}
	all, _ = otlp.Flatten(f.attrs[:had:had], "", f.attrs[had:])
	for i := had; i < len(all); i++ {
		all[i].Value = otlp.Detached(all[i].Value)
	}
	scrubAll(all[had:], h.scrub) // only once, for a rule may match what it made
	h2 := *h
	h2.preset, h2.err = newPreset(otlp.Dedup(all), nil), f.err
	return &h2
}

// room is the memory for the attributes of one call.
type room struct{ attrs []slog.Attr }

var rooms = sync.Pool{New: func() any { return new(room) }}

// Handle logs r.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if own.Is(ctx) {
		return nil
	}
	m, _ := rooms.Get().(*room)
	f := h.flattener(m.attrs[:0])
	r.Attrs(func(a slog.Attr) bool {
		f.add(h.groups, h.prefix, a, maxGroups)
		return true
	})
	rec := Record{Time: r.Time, Level: r.Level, Message: r.Message, Type: TypeLogger, Err: f.err, preset: h.preset}
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
	err := h.log.Log(ctx, rec)
	if cap(f.attrs) <= maxKeptAttrs {
		clear(f.attrs) // or the pool would keep what they refer to alive
		m.attrs = f.attrs
		rooms.Put(m)
	}
	return err
}
