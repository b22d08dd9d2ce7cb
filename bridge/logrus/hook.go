package ledgerlogrus

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ledger-sdk/ledger-go/bridge/internal/stack"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// client is what a hook needs of a ledger.Client.
type client interface {
	Log(ctx context.Context, r ledger.Record) error
	Sync(ctx context.Context) error
}

// Option changes what [NewHook] returns. A nil one asks for nothing.
type Option func(*hook)

// WithLevels sets the levels of the entries that are logged; all of those that the
// logger logs without it.
func WithLevels(levels ...logrus.Level) Option {
	return func(h *hook) { h.levels = slices.Clone(levels) }
}

// WithSyncTimeout sets how long an entry of the levels panic and fatal waits for the
// disk at most; 2 s without it. Zero and less change nothing.
func WithSyncTimeout(d time.Duration) Option {
	return func(h *hook) {
		if d > 0 {
			h.syncTimeout = d
		}
	}
}

type hook struct {
	client      client
	levels      []logrus.Level
	syncTimeout time.Duration
}

// NewHook returns a hook that logs through c. It is safe for concurrent use. With a nil
// client it logs nothing.
func NewHook(c *ledger.Client, opts ...Option) logrus.Hook {
	if c == nil {
		return &hook{}
	}
	return newHook(c, opts)
}

func newHook(c client, opts []Option) *hook {
	h := &hook{client: c, levels: slices.Clone(logrus.AllLevels), syncTimeout: 2 * time.Second}
	for _, opt := range opts {
		if opt != nil {
			opt(h)
		}
	}
	return h
}

// Levels returns the levels of [WithLevels].
func (h *hook) Levels() []logrus.Level { return slices.Clone(h.levels) }

// Fire logs e. It returns nil whatever happens, because logrus prints what it returns
// and skips the hooks behind it: the client counts what was not admitted.
func (h *hook) Fire(e *logrus.Entry) error {
	if h.client == nil {
		return nil
	}
	ctx := e.Context
	if ctx == nil {
		ctx = context.Background()
	}
	b, _ := buffers.Get().(*buffer)
	r := b.record(e)
	_ = h.client.Log(ctx, r)
	b.put()
	if e.Level <= logrus.FatalLevel { // logrus is about to end the process, or the goroutine
		ctx, cancel := context.WithTimeout(context.Background(), h.syncTimeout)
		defer cancel()
		_ = h.client.Sync(ctx)
	}
	return nil
}

// maxKept bounds the memory that is kept between records.
const maxKept = 256

// buffer is the memory that one record needs.
type buffer struct {
	attrs []slog.Attr
	keys  []string
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// put gives b back. Nothing of it may be used any more.
func (b *buffer) put() {
	clear(b.attrs)
	clear(b.keys)
	if cap(b.attrs) <= maxKept {
		buffers.Put(b)
	}
}

// record makes a record of e. Fields are put in the order of their keys, so that equal
// entries give equal records.
func (b *buffer) record(e *logrus.Entry) ledger.Record {
	b.keys, b.attrs = b.keys[:0], b.attrs[:0]
	for key := range e.Data {
		b.keys = append(b.keys, key)
	}
	slices.Sort(b.keys)
	err, _ := e.Data[logrus.ErrorKey].(error)
	for _, key := range b.keys {
		v := e.Data[key]
		if err == nil {
			err, _ = v.(error)
		}
		b.attrs = append(b.attrs, slog.Any(key, v))
	}
	var at stack.Place
	if f := e.Caller; f != nil {
		at = stack.Place{Function: f.Function, File: f.File, Line: f.Line}
		b.attrs = append(b.attrs, slog.String("code.function.name", at.Function),
			slog.String("code.file.path", at.File), slog.Int("code.line.number", at.Line))
	}
	r := ledger.Record{
		Time: e.Time, Level: levelOf(e.Level), Message: e.Message, Type: ledger.TypeLogger,
		Err: err, Attrs: b.attrs,
	}
	if err != nil && r.Level >= slog.LevelError {
		r.Type = ledger.TypeException
	}
	r.Stack = stack.For(err, "", at, r.Type == ledger.TypeException)
	return r
}

// levelOf maps logrus' levels, of which the lowest is the gravest.
func levelOf(l logrus.Level) slog.Level {
	switch l {
	case logrus.PanicLevel, logrus.FatalLevel:
		return ledger.LevelCritical
	case logrus.ErrorLevel:
		return slog.LevelError
	case logrus.WarnLevel:
		return slog.LevelWarn
	case logrus.InfoLevel:
		return slog.LevelInfo
	case logrus.DebugLevel:
		return slog.LevelDebug
	default: // logrus.TraceLevel, and what is not one of its levels
		return slog.LevelDebug - 4
	}
}
