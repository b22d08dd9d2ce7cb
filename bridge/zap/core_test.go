package ledgerzap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestARecordOfAnEntry(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	c := &recorded.Fake{}
	log := zap.New(newCore(c, nil), zap.AddCaller(), zap.WithClock(fixed(at)))
	log.Named("shop").Named("cart").Warn("sold out", zap.Int("item", 7))

	r := c.Last(t)
	_, file, _, _ := runtime.Caller(0)
	assert.Equal(t, at, r.Time)
	assert.Equal(t, slog.LevelWarn, r.Level)
	assert.Equal(t, "sold out", r.Message)
	assert.Equal(t, ledger.TypeLogger, r.Type)
	assert.Empty(t, r.Stack)
	assert.Equal(t, file, r.Values["code.file.path"])
	assert.Equal(t, "github.com/ledger-sdk/ledger-go/bridge/zap.TestARecordOfAnEntry", r.Values["code.function.name"])
	assert.IsType(t, int64(0), r.Values["code.line.number"])
	assert.Equal(t, "shop.cart", r.Values["logger.name"])
	assert.Equal(t, int64(7), r.Values["item"])
	assert.Len(t, r.Values, 5)
}

type fixed time.Time

func (f fixed) Now() time.Time                       { return time.Time(f) }
func (fixed) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

// What zap puts into a record is not under the namespaces of its fields.
func TestNamespacesHoldFieldsOnly(t *testing.T) {
	c := &recorded.Fake{}
	zap.New(newCore(c, nil), zap.AddCaller()).Named("n").With(zap.Namespace("ns")).Info("m", zap.Int("a", 1))
	attrs := c.Last(t).Values
	assert.Contains(t, attrs, "ns.a")
	assert.Contains(t, attrs, "code.line.number")
	assert.Contains(t, attrs, "logger.name")
}

func TestLevels(t *testing.T) {
	for level, want := range map[zapcore.Level]slog.Level{
		-100: -8, -2: -8, zapcore.DebugLevel: slog.LevelDebug, zapcore.InfoLevel: slog.LevelInfo, zapcore.WarnLevel: slog.LevelWarn,
		zapcore.ErrorLevel: slog.LevelError, zapcore.DPanicLevel: slog.LevelError,
		zapcore.PanicLevel: ledger.LevelCritical, zapcore.FatalLevel: ledger.LevelCritical, 100: ledger.LevelCritical,
	} {
		assert.Equal(t, want, levelOf(level), level)
	}
}

func TestTheLevelIsChosen(t *testing.T) {
	level := zap.NewAtomicLevelAt(zapcore.WarnLevel)
	log, c := testLogger(WithLevel(level), WithLevel(nil), nil)
	log.Info("no")
	level.SetLevel(zapcore.DebugLevel)
	log.Debug("yes")
	require.Len(t, c.Calls(), 1)
	assert.Equal(t, "yes", c.Last(t).Message)
	assert.Equal(t, zapcore.DebugLevel, zapcore.LevelOf(log.Core()))

	log, c = testLogger()
	log.Debug("no")
	assert.Empty(t, c.Calls())
	assert.Equal(t, zapcore.InfoLevel, log.Level())
}

func TestTheFirstErrorIsTheRecordsErr(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	for name, c := range map[string]struct {
		log  func(*zap.Logger)
		want error
		keys map[string]any
	}{
		"none":        {func(l *zap.Logger) { l.Error("m", zap.String("error", "text")) }, nil, map[string]any{"error": "text"}},
		"Error":       {func(l *zap.Logger) { l.Error("m", zap.Error(first)) }, first, map[string]any{"error": "first"}},
		"NamedError":  {func(l *zap.Logger) { l.Error("m", zap.NamedError("cause", first)) }, first, map[string]any{"cause": "first"}},
		"Any":         {func(l *zap.Logger) { l.Error("m", zap.Any("x", first)) }, first, map[string]any{"x": "first"}},
		"Reflect":     {func(l *zap.Logger) { l.Error("m", zap.Reflect("x", first)) }, first, map[string]any{"x": "first"}},
		"an object":   {func(l *zap.Logger) { l.Error("m", zap.Any("x", coded{7})) }, coded{7}, map[string]any{"x.code": int64(7)}},
		"two":         {func(l *zap.Logger) { l.Error("m", zap.Error(first), zap.NamedError("b", second)) }, first, map[string]any{"error": "first", "b": "second"}},
		"of With":     {func(l *zap.Logger) { l.With(zap.Error(first)).Error("m", zap.NamedError("b", second)) }, first, map[string]any{"error": "first", "b": "second"}},
		"namespace":   {func(l *zap.Logger) { l.Error("m", zap.Namespace("n"), zap.Error(first)) }, first, map[string]any{"n.error": "first"}},
		"key repeats": {func(l *zap.Logger) { l.Error("m", zap.Error(first), zap.Error(second)) }, first, map[string]any{"error": "second"}},
	} {
		t.Run(name, func(t *testing.T) {
			log, got := testLogger()
			c.log(log)
			r := got.Last(t)
			assert.Equal(t, c.want, r.Err)
			assert.Equal(t, c.keys, r.Values)
			if c.want == nil {
				assert.Equal(t, ledger.TypeLogger, r.Type)
			} else {
				assert.Equal(t, ledger.TypeException, r.Type)
			}
		})
	}
	log, got := testLogger()
	log.Warn("retried", zap.Error(first))
	assert.Equal(t, ledger.TypeLogger, got.Last(t).Type, "below Error it is a log line about an error")
}

type coded struct{ code int }

func (coded) Error() string { return "coded" }
func (c coded) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddInt("code", c.code)
	return nil
}

// calling carries a stack of its own.
type calling struct {
	error
	pcs []uintptr
}

func (c calling) Callers() []uintptr { return c.pcs }

func TestTheStackOfARecord(t *testing.T) {
	pcs := make([]uintptr, 8)
	c := &recorded.Fake{}
	bare := zap.New(newCore(c, nil))
	withCaller := bare.WithOptions(zap.AddCaller())
	withStack := withCaller.WithOptions(zap.AddStacktrace(zapcore.ErrorLevel))
	err := errors.New("no")

	bare.Error("m", zap.Error(err))
	assert.Empty(t, c.Last(t).Stack, "nothing is known")
	withCaller.Error("m", zap.Error(err))
	assert.Regexp(t, `^at github\.com/ledger-sdk/ledger-go/bridge/zap\.TestTheStackOfARecord\(core_test\.go:\d+\)$`, string(c.Last(t).Stack))
	withCaller.Warn("m", zap.Error(err))
	assert.Empty(t, c.Last(t).Stack, "it is no exception")
	withStack.Error("m", zap.Error(err))
	assert.Regexp(t, `^.*\.TestTheStackOfARecord\n\t.*/core_test\.go:\d+\ntesting\.tRunner\n\t`, string(c.Last(t).Stack))
	withStack.Error("m")
	assert.NotEmpty(t, c.Last(t).Stack, "zap was told to log it")
	withStack.Error("m", zap.Error(fmt.Errorf("wrapped: %w", calling{err, pcs[:runtime.Callers(1, pcs)]})))
	assert.Regexp(t, `^at testing\.tRunner\(testing\.go:\d+\)$`, string(c.Last(t).Stack), "the error's own, without this library's frames")
}

func TestTheContextOfARecord(t *testing.T) {
	type key struct{}
	ctx, other := context.WithValue(t.Context(), key{}, 1), context.WithValue(t.Context(), key{}, 2)
	log, c := testLogger()
	value := func() any { return c.Last(t).Context.Value(key{}) }

	log.Info("m")
	assert.Nil(t, value())
	for name, f := range map[string]zap.Field{
		"Context": Context(ctx), "Any": zap.Any("ctx", ctx), "Reflect": zap.Reflect("ctx", ctx),
	} {
		log.Info("m", f, zap.Int("a", 1))
		assert.Equal(t, 1, value(), name)
		assert.Equal(t, map[string]any{"a": int64(1)}, c.Last(t).Values, "%s: a context is not logged", name)
	}
	child := log.With(Context(ctx))
	child.Info("m")
	assert.Equal(t, 1, value())
	child.Info("m", Context(other))
	assert.Equal(t, 2, value(), "the nearest wins")
	child.Info("m")
	assert.Equal(t, 1, value())
	log.Info("m", Context(nil)) //nolint:staticcheck // It must not break anything.
	assert.Nil(t, value())

	var text bytes.Buffer
	plain := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(&text), zapcore.InfoLevel)
	zap.New(plain).Info("m", Context(ctx))
	assert.JSONEq(t, `{}`, text.String(), "other cores do not print it")
}

func TestValuesOfWithAreTakenThen(t *testing.T) {
	data, names, u := []byte("b"), []string{"a"}, &struct{ Name string }{"c"}
	log, c := testLogger()
	child := log.With(zap.Binary("data", data), zap.Reflect("names", names), zap.Strings("list", names), zap.Any("user", u))
	lazy := log.WithLazy(zap.Any("user", u))
	data[0], names[0], u.Name = 'x', "changed", "changed"
	child.Info("m")
	assert.Equal(t, map[string]any{"data": []byte("b"), "names": []string{"a"}, "list": []any{"a"}, "user": `{"Name":"c"}`}, c.Last(t).Values)
	lazy.Info("m")
	u.Name = "changed again"
	lazy.Info("m")
	assert.Equal(t, map[string]any{"user": `{"Name":"changed"}`}, c.Last(t).Values, "taken at the first call, as zap promises")
}

// Three of each, because the third leaves spare capacity behind it.
func TestCoresOfOneParentShareNothing(t *testing.T) {
	log, c := testLogger()
	parent := log.With(zap.Int("a", 1)).With(zap.Int("b", 2)).With(zap.Int("c", 3))
	one, two := parent.With(zap.String("d", "one")), parent.With(zap.String("d", "two"))
	one.Info("m")
	assert.Equal(t, "one", c.Last(t).Values["d"])
	two.Info("m")
	assert.Equal(t, "two", c.Last(t).Values["d"])
	parent.Info("m")
	assert.NotContains(t, c.Last(t).Values, "d")
}

// zap prints what a core returns, for every line.
func TestErrorsOfTheClientAreNotZaps(t *testing.T) {
	c := &recorded.Fake{Err: ledger.ErrClosed}
	var text bytes.Buffer
	log := zap.New(newCore(c, nil), zap.ErrorOutput(zapcore.AddSync(&text)))
	log.Info("m")
	assert.Empty(t, text.String())
	require.ErrorIs(t, log.Sync(), ledger.ErrClosed)
}

func TestWhatEndsTheProcessIsDurableBefore(t *testing.T) {
	c := &recorded.Fake{}
	log := zap.New(newCore(c, []Option{WithSyncTimeout(time.Minute), WithSyncTimeout(0)}), zap.WithFatalHook(zapcore.WriteThenPanic), zap.Development())
	log.Error("m")
	assert.Empty(t, c.Syncs())
	for i, end := range []func(string, ...zap.Field){log.DPanic, log.Panic, log.Fatal} {
		assert.Panics(t, func() { end("m") })
		require.Len(t, c.Syncs(), i+1)
		deadline, ok := c.Syncs()[i].Deadline()
		require.True(t, ok, "a disk that hangs must not keep the process")
		assert.WithinDuration(t, time.Now().Add(time.Minute), deadline, 10*time.Second)
	}
	assert.Len(t, c.Calls(), 4)
}

func TestBesideOthers(t *testing.T) {
	c := &recorded.Fake{}
	var text bytes.Buffer
	other := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), zapcore.AddSync(&text), zapcore.InfoLevel)
	log := zap.New(zapcore.NewTee(other, newCore(c, []Option{WithLevel(zapcore.WarnLevel)})))
	log.Info("a")
	log.Warn("b")
	assert.Equal(t, "{\"m\":\"a\"}\n{\"m\":\"b\"}\n", text.String())
	require.Len(t, c.Calls(), 1)
	assert.Equal(t, "b", c.Last(t).Message)

	c = &recorded.Fake{}
	log = zap.New(zapcore.NewSamplerWithOptions(newCore(c, nil), time.Hour, 2, 1000)).With(zap.Int("a", 1))
	for range 100 {
		log.Info("often")
	}
	assert.Len(t, c.Calls(), 2)
}

// The race detector is half of this test.
func TestACoreIsSafeForConcurrentUse(t *testing.T) {
	log, c := testLogger()
	log = log.With(zap.Int("a", 1), zap.Object("u", user{1, "x"}), zap.Namespace("n"))
	lazy := log.WithLazy(zap.Any("m", map[string]int{"a": 1}))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				log.With(zap.Int("i", i)).Info("m", zap.Int("j", j), zap.Error(errors.New("x")), zap.Strings("s", []string{"a"}))
				lazy.Error("m", zap.Error(errors.New("x")))
			}
		})
	}
	group.Wait()
	require.Len(t, c.Calls(), 8*50*2)
	for _, r := range c.Calls() {
		assert.Equal(t, int64(1), r.Values["u.id"])
		assert.Equal(t, "x", r.Values["n.error"])
	}
}
