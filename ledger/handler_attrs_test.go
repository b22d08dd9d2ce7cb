package ledger

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

type secret string

func (secret) LogValue() slog.Value { return slog.StringValue("***") }

// masked is an error that hides its text from loggers.
type masked struct{ secret }

func (masked) Error() string { return "hunter2" }

// coded is an error that shows more than text to loggers.
type coded struct{}

func (coded) Error() string        { return "coded" }
func (coded) LogValue() slog.Value { return slog.GroupValue(slog.Int("code", 7)) }

type itself struct{}

func (itself) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("a", itself{}), slog.Any("b", itself{}))
}

func TestTheFirstErrorIsTheRecordsErr(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	for _, c := range []struct {
		name    string
		log     func(*slog.Logger)
		want    error
		message any // of the exception
		attr    slog.Attr
	}{
		{"none", func(l *slog.Logger) { l.Warn("m", "err", "text") }, nil, nil, slog.String("err", "text")},
		{"one", func(l *slog.Logger) { l.Warn("m", "k", 1, "err", first) }, first, "first", slog.String("err", "first")},
		{"two", func(l *slog.Logger) { l.Warn("m", "a", first, "b", second) }, first, "first", slog.String("b", "second")},
		{"in a group", func(l *slog.Logger) { l.WithGroup("g").Warn("m", slog.Group("h", "err", first)) }, first, "first", slog.String("g.h.err", "first")},
		{"of With", func(l *slog.Logger) { l.With("a", first).Warn("m", "b", second) }, first, "first", slog.String("a", "first")},
		{"of With, once", func(l *slog.Logger) { l.With("a", first).With("b", second).Warn("m") }, first, "first", slog.String("b", "second")},
		{"one that hides its text", func(l *slog.Logger) { l.Warn("m", "err", masked{}) }, masked{}, "***", slog.String("err", "***")},
		{"one that is a group", func(l *slog.Logger) { l.Warn("m", "err", coded{}) }, coded{}, "coded", slog.Int("err.code", 7)},
	} {
		t.Run(c.name, func(t *testing.T) {
			log, w := testLogger(nil)
			c.log(log)
			assert.Equal(t, c.want, w.records[0].Err)
			assert.Equal(t, c.message, attr(w.decoded[0], "exception.message"))
			assert.Equal(t, c.attr.Value.Any(), attr(w.decoded[0], c.attr.Key))
			assert.Equal(t, TypeLogger, w.records[0].Type)
		})
	}
}

func TestAnErrorThatReplaceAttrTakesAwayIsGone(t *testing.T) {
	for name, with := range map[string]slog.Attr{"dropped": {}, "redacted": slog.String("err", "***")} {
		log, w := testLogger(&HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "err" {
				return with
			}
			return a
		}})
		log.Error("m", "err", errors.New("hunter2"), "other", masked{})
		assert.NotContains(t, fmt.Sprint(w.decoded[0].Attrs), "hunter2", name)
		assert.NoError(t, w.records[0].Err)
	}
	log, w := testLogger(&HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return a }})
	log.Error("m", "err", plainError("kept"))
	assert.Equal(t, plainError("kept"), w.records[0].Err)
}

// The server groups exceptions only, and only those with a stack.
func TestAnErrorAtErrorLevelIsAnException(t *testing.T) {
	log, w := testLogger(nil)
	log.Error("pay", "err", plainError("no"))
	rec := w.decoded[0]
	assert.Equal(t, "exception", attr(rec, "ledger.log_type"))
	assert.Equal(t, "ledger.plainError", attr(rec, "exception.type"))
	assert.Equal(t, "pay", rec.Body)
	assert.Regexp(t, `^at .*/ledger\.TestAnErrorAtErrorLevelIsAnException\(handler_attrs_test\.go:\d+\)$`, attr(rec, "exception.stacktrace"))

	own := calling{callerPCs()}
	log.Error("pay", "err", own)
	assert.Equal(t, pcStack(own.pcs), attr(w.decoded[1], "exception.stacktrace"), "its own stack is better")

	log.Error("no error")
	assert.Equal(t, "logger", attr(w.decoded[2], "ledger.log_type"))
	log.Warn("retried", "err", plainError("no"))
	assert.Equal(t, "logger", attr(w.decoded[3], "ledger.log_type"))
}

func TestAddSource(t *testing.T) {
	log, w := testLogger(&HandlerOptions{AddSource: true})
	log.WithGroup("g").Info("m")
	rec := w.decoded[0]
	assert.Equal(t, "github.com/ledger-sdk/ledger-go/ledger.TestAddSource", attr(rec, "code.function.name"))
	assert.Contains(t, attr(rec, "code.file.path"), "/handler_attrs_test.go")
	assert.Positive(t, attr(rec, "code.line.number"))

	require.NoError(t, log.Handler().Handle(t.Context(), slog.Record{}))
	assert.Nil(t, attr(w.decoded[1], "code.function.name"), "there is no place to name")
}

func TestReplaceAttr(t *testing.T) {
	type call struct {
		groups string
		key    string
	}
	var calls []call
	replace := func(groups []string, a slog.Attr) slog.Attr {
		calls = append(calls, call{strings.Join(groups, "."), a.Key})
		switch a.Key {
		case "drop":
			return slog.Attr{}
		case "rename":
			a.Key = "renamed"
		case "expand":
			return slog.Group("expanded", "x", 1)
		case "panic":
			panic("boom")
		case "valuer":
			a.Value = slog.AnyValue(secret("x"))
		}
		return a
	}
	log, w := testLogger(&HandlerOptions{ReplaceAttr: replace})
	log.With("with", 0, "drop", 0).WithGroup("g").Info("m", "drop", 1, "rename", 2, "expand", 3, "panic", 4, "valuer", 5,
		slog.Group("h", "k", 6, "drop", 7), slog.Group("", "inline", 8), "l", secret("resolved"))

	assert.Equal(t, []slog.Attr{
		slog.Int("with", 0), slog.Int("g.renamed", 2), slog.Int("g.expanded.x", 1), slog.String("g.panic", "!PANIC: in ReplaceAttr"),
		slog.String("g.valuer", "***"), slog.Int("g.h.k", 6), slog.Int("g.inline", 8), slog.String("g.l", "***"),
	}, w.last(t).Attrs)
	assert.Equal(t, []call{
		{"", "with"},
		{"", "drop"},
		{"g", "drop"},
		{"g", "rename"},
		{"g", "expand"},
		{"g.expanded", "x"},
		{"g", "panic"},
		{"g", "valuer"},
		{"g.h", "k"},
		{"g.h", "drop"},
		{"g", "inline"},
		{"g", "l"},
		{"", "time"},
		{"", "level"},
		{"", "msg"},
	}, calls)
}

func TestReplaceAttrOfTheRecordsOwnFields(t *testing.T) {
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name  string
		key   string
		with  slog.Attr
		check func(*testing.T, otlp.DecodedRecord)
	}{
		{"time", "time", slog.Time("time", when), func(t *testing.T, r otlp.DecodedRecord) { assert.Equal(t, when.UnixNano(), r.Time) }},
		{"time renamed", "time", slog.Time("ts", when), func(t *testing.T, r otlp.DecodedRecord) {
			assert.Equal(t, "2020-01-02T03:04:05Z", attr(r, "ts"))
			assert.NotEqual(t, when.UnixNano(), r.Time)
		}},
		{"time dropped", "time", slog.Attr{}, func(t *testing.T, r otlp.DecodedRecord) { assert.Empty(t, r.Attrs) }},
		{"level", "level", slog.Any("level", slog.LevelError), func(t *testing.T, r otlp.DecodedRecord) { assert.Equal(t, 17, r.Severity) }},
		{"level as text", "level", slog.String("level", "TRACE"), func(t *testing.T, r otlp.DecodedRecord) {
			assert.Equal(t, 9, r.Severity)
			assert.Equal(t, "TRACE", attr(r, "level"))
		}},
		{"level dropped", "level", slog.Attr{}, func(t *testing.T, r otlp.DecodedRecord) {
			assert.Equal(t, 9, r.Severity)
			assert.Empty(t, r.Attrs)
		}},
		{"message", "msg", slog.String("msg", "other"), func(t *testing.T, r otlp.DecodedRecord) { assert.Equal(t, "other", r.Body) }},
		{"message renamed", "msg", slog.String("body", "other"), func(t *testing.T, r otlp.DecodedRecord) {
			assert.Empty(t, r.Body)
			assert.Equal(t, "other", attr(r, "body"))
		}},
		{"message dropped", "msg", slog.Attr{}, func(t *testing.T, r otlp.DecodedRecord) {
			assert.Empty(t, r.Body)
			assert.Empty(t, r.Attrs)
		}},
		{"source", "source", slog.Any("source", &slog.Source{Function: "f", File: "short.go", Line: 7}), func(t *testing.T, r otlp.DecodedRecord) {
			assert.Equal(t, []slog.Attr{slog.String("code.function.name", "f"), slog.String("code.file.path", "short.go"), slog.Int("code.line.number", 7)}, r.Attrs)
		}},
		{"source as text", "source", slog.String("source", "here"), func(t *testing.T, r otlp.DecodedRecord) {
			assert.Equal(t, []slog.Attr{slog.String("source", "here")}, r.Attrs)
		}},
		{"source dropped", "source", slog.Attr{}, func(t *testing.T, r otlp.DecodedRecord) { assert.Empty(t, r.Attrs) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			log, w := testLogger(&HandlerOptions{AddSource: c.key == "source", ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == c.key {
					return c.with
				}
				return a
			}})
			log.Info("m")
			c.check(t, w.last(t))
		})
	}
}

func TestValuersWithoutEndStop(t *testing.T) {
	log, w := testLogger(&HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return a }})
	log.Info("m", "k", itself{}, "later", 1)
	assert.LessOrEqual(t, len(w.records[0].Attrs), 2*maxLooked)
	assert.Contains(t, fmt.Sprint(w.records[0].Attrs[0]), "!DEEP")
}
