package ledgerzap

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/ledger-sdk/ledger-go/bridge/internal/stack"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// client is what a core needs of a ledger.Client.
type client interface {
	Log(ctx context.Context, r ledger.Record) error
	Sync(ctx context.Context) error
}

// core is immutable: With returns a copy.
type core struct {
	client client
	opts   options
	ctx    context.Context //nolint:containedctx // It came as a field and belongs to what is logged.
	attrs  []slog.Attr     // of With, flat and plain
	prefix string          // open namespaces, as the start of a key
	err    error           // the first error among the fields of With
}

// New returns a core that logs through c. It is safe for concurrent use. A nil client
// gives a core that logs nothing.
func New(c *ledger.Client, opts ...Option) zapcore.Core {
	if c == nil {
		return zapcore.NewNopCore()
	}
	return newCore(c, opts)
}

func newCore(c client, opts []Option) *core {
	o := options{level: zapcore.InfoLevel, syncTimeout: defaultSyncTimeout}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return &core{client: c, opts: o, ctx: context.Background()}
}

// Enabled reports whether level is logged.
func (c *core) Enabled(level zapcore.Level) bool { return c.opts.level.Enabled(level) }

// Level returns the least level that is logged, for zapcore.LevelOf.
func (c *core) Level() zapcore.Level { return zapcore.LevelOf(c.opts.level) }

// With returns a core that adds fields to every record. Their values are taken now.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	f := getFields(c)
	defer f.put()
	for i := range fields {
		f.add(&fields[i])
	}
	c2 := *c
	c2.attrs = append(slices.Clip(c.attrs), frozen(f.attrs[len(c.attrs):])...)
	c2.prefix, c2.err, c2.ctx = f.prefix, f.err, f.ctx
	return &c2
}

// Check adds the core to ce if it logs at the level of e.
func (c *core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

// Write logs e. It returns nil whatever happens, because zap prints what it returns,
// for every line: the client counts what was not admitted.
func (c *core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	f := getFields(c)
	for i := range fields {
		f.add(&fields[i])
	}
	_ = c.client.Log(f.ctx, f.record(&e))
	f.put()
	if e.Level > zapcore.ErrorLevel {
		_ = c.Sync() // zap is about to end the process, or the goroutine
	}
	return nil
}

// Sync returns nil when all that was logged is safe from a power cut, or an error
// after the time of [WithSyncTimeout].
func (c *core) Sync() error {
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.syncTimeout)
	defer cancel()
	return c.client.Sync(ctx)
}

// record makes a record of e and the fields that were added.
func (f *fields) record(e *zapcore.Entry) ledger.Record {
	if e.LoggerName != "" {
		f.attrs = append(f.attrs, slog.String("logger.name", e.LoggerName))
	}
	var at stack.Place
	if e.Caller.Defined {
		at = stack.Place{Function: e.Caller.Function, File: e.Caller.File, Line: e.Caller.Line}
		if at.Function != "" {
			f.attrs = append(f.attrs, slog.String("code.function.name", at.Function))
		}
		f.attrs = append(f.attrs, slog.String("code.file.path", at.File), slog.Int("code.line.number", at.Line))
	}
	r := ledger.Record{
		Time: e.Time, Level: levelOf(e.Level), Message: e.Message, Type: ledger.TypeLogger,
		Err: f.err, Attrs: f.attrs,
	}
	if r.Err != nil && r.Level >= slog.LevelError {
		r.Type = ledger.TypeException
	}
	r.Stack = stack.For(r.Err, e.Stack, at, r.Type == ledger.TypeException)
	return r
}

// levelOf maps zap's levels, which are one apart, to slog's, which are four apart.
func levelOf(l zapcore.Level) slog.Level {
	switch {
	case l >= zapcore.PanicLevel:
		return ledger.LevelCritical
	case l >= zapcore.ErrorLevel:
		return slog.LevelError
	}
	const trace = -2 // and what is below, as the verbosities of logr are
	return 4 * slog.Level(max(l, trace))
}

// defaultSyncTimeout is long for a disk and short for one who waits for an exit.
const defaultSyncTimeout = 2 * time.Second
