package ledgerlogrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestARecordOfAnEntry(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	log, c := testLogger()
	log.SetReportCaller(true)
	log.WithTime(at).WithFields(logrus.Fields{"item": 7, "b": true, "a": "x"}).Warn("sold out")

	r := c.Last(t)
	_, file, _, _ := runtime.Caller(0)
	assert.Equal(t, at, r.Time)
	assert.Equal(t, slog.LevelWarn, r.Level)
	assert.Equal(t, "sold out", r.Message)
	assert.Equal(t, ledger.TypeLogger, r.Type)
	assert.Empty(t, r.Stack)
	assert.Equal(t, []string{"a", "b", "item", "code.function.name", "code.file.path", "code.line.number"}, r.Keys)
	assert.Equal(t, file, r.Values["code.file.path"])
	assert.Equal(t, "github.com/ledger-sdk/ledger-go/bridge/logrus.TestARecordOfAnEntry", r.Values["code.function.name"])
	assert.IsType(t, int64(0), r.Values["code.line.number"])
	assert.Equal(t, []any{"x", true, int64(7)}, []any{r.Values["a"], r.Values["b"], r.Values["item"]})
}

type secret string

func (secret) LogValue() slog.Value { return slog.StringValue("***") }

type panicking struct{}

func (panicking) String() string { panic("on purpose") }

func TestKindsOfFields(t *testing.T) {
	for name, c := range map[string]struct{ value, want any }{
		"text":     {"x", "x"},
		"number":   {int32(-5), int64(-5)},
		"uint":     {uint64(1 << 63), uint64(1 << 63)},
		"float":    {1.5, 1.5},
		"duration": {time.Second, time.Second},
		"bytes":    {[]byte("x"), []byte("x")},
		"list":     {[]string{"a"}, []string{"a"}},
		"fields":   {logrus.Fields{"a": 1}, `{"a":1}`},
		"struct":   {struct{ A int }{1}, `{"A":1}`},
		"nil":      {nil, "<nil>"},
		"stringer": {&url.URL{Scheme: "http", User: url.UserPassword("u", "hunter2"), Host: "h"}, "http://u:xxxxx@h"},
		"hidden":   {secret("hunter2"), "***"},
		"panics":   {panicking{}, "!PANIC: on purpose"},
	} {
		t.Run(name, func(t *testing.T) {
			log, got := testLogger()
			log.WithField("k", c.value).Info("m")
			assert.Equal(t, map[string]any{"k": c.want}, got.Last(t).Values)
		})
	}
}

func TestANilOptionAsksForNothing(t *testing.T) {
	log, c := testLogger(nil, WithLevels(logrus.InfoLevel))
	log.Info("yes")
	log.Warn("no")
	require.Len(t, c.Calls(), 1)
}

func TestLevels(t *testing.T) {
	want := map[logrus.Level]slog.Level{
		logrus.TraceLevel: -8, logrus.DebugLevel: slog.LevelDebug, logrus.InfoLevel: slog.LevelInfo, logrus.WarnLevel: slog.LevelWarn,
		logrus.ErrorLevel: slog.LevelError, logrus.FatalLevel: ledger.LevelCritical, logrus.PanicLevel: ledger.LevelCritical,
	}
	log, c := testLogger()
	for _, level := range logrus.AllLevels {
		log.Log(level, "m")
		require.Contains(t, want, level)
		assert.Equal(t, want[level], c.Last(t).Level, level)
	}
	levels := []logrus.Level{logrus.WarnLevel}
	log, c = testLogger(WithLevels(levels...))
	levels[0] = logrus.InfoLevel
	log.Info("no")
	log.Error("no")
	log.Warn("yes")
	require.Len(t, c.Calls(), 1)
	assert.Equal(t, "yes", c.Last(t).Message)
}

func TestTheErrorOfARecord(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	for name, c := range map[string]struct {
		fields logrus.Fields
		want   error
	}{
		"none":              {logrus.Fields{"error": "text"}, nil},
		"WithError":         {logrus.Fields{"a": second, logrus.ErrorKey: first}, first},
		"another key":       {logrus.Fields{"cause": first, "error": "text"}, first},
		"the first by key":  {logrus.Fields{"b": second, "a": first}, first},
		"no error at error": {logrus.Fields{"error": nil, "x": first}, first},
	} {
		t.Run(name, func(t *testing.T) {
			log, got := testLogger()
			log.WithFields(c.fields).Error("m")
			r := got.Last(t)
			assert.Equal(t, c.want, r.Err)
			assert.Len(t, r.Values, len(c.fields), "errors keep their keys")
			if c.want == nil {
				assert.Equal(t, ledger.TypeLogger, r.Type)
			} else {
				assert.Equal(t, ledger.TypeException, r.Type)
			}
		})
	}
	log, got := testLogger()
	log.WithError(first).Warn("retried")
	assert.Equal(t, ledger.TypeLogger, got.Last(t).Type, "below error it is a log line about an error")
	assert.Equal(t, "first", got.Last(t).Values["error"])
}

// calling carries a stack of its own.
type calling struct {
	error
	pcs []uintptr
}

func (c calling) Callers() []uintptr { return c.pcs }

func TestTheStackOfARecord(t *testing.T) {
	pcs := make([]uintptr, 8)
	log, c := testLogger()
	log.WithError(errors.New("no")).Error("m")
	assert.Empty(t, c.Last(t).Stack, "nothing is known")
	log.SetReportCaller(true)
	log.WithError(errors.New("no")).Error("m")
	assert.Regexp(t, `^at github\.com/ledger-sdk/ledger-go/bridge/logrus\.TestTheStackOfARecord\(hook_test\.go:\d+\)$`, string(c.Last(t).Stack))
	log.Error("m")
	assert.Empty(t, c.Last(t).Stack, "it is no exception")
	log.WithError(fmt.Errorf("wrapped: %w", calling{errors.New("no"), pcs[:runtime.Callers(1, pcs)]})).Error("m")
	assert.Regexp(t, `^at testing\.tRunner\(testing\.go:\d+\)$`, string(c.Last(t).Stack), "the error's own, without this library's frames")
}

func TestTheContextOfARecord(t *testing.T) {
	type key struct{}
	log, c := testLogger()
	log.Info("m")
	assert.NotNil(t, c.Last(t).Context)
	log.WithContext(context.WithValue(t.Context(), key{}, 1)).WithField("a", 1).Info("m")
	assert.Equal(t, 1, c.Last(t).Context.Value(key{}))
	assert.Equal(t, map[string]any{"a": int64(1)}, c.Last(t).Values)
}

// logrus prints what a hook returns, for every line, and skips the hooks behind it.
func TestErrorsOfTheClientAreNotLogruss(t *testing.T) {
	h := newHook(&recorded.Fake{Err: ledger.ErrClosed}, nil)
	for _, level := range logrus.AllLevels {
		require.NoError(t, h.Fire(&logrus.Entry{Level: level}))
	}
}

func TestWhatEndsTheProcessIsDurableBefore(t *testing.T) {
	log, c := testLogger(WithSyncTimeout(time.Minute), WithSyncTimeout(0))
	exits := 0
	log.ExitFunc = func(int) { exits++ }
	log.Error("m")
	assert.Empty(t, c.Syncs())
	assert.Panics(t, func() { log.Panic("m") })
	for _, fatal := range []func(...any){log.Fatal} { // here it returns
		fatal("m")
	}
	require.Len(t, c.Syncs(), 2)
	for _, ctx := range c.Syncs() {
		deadline, ok := ctx.Deadline()
		require.True(t, ok, "a disk that hangs must not keep the process")
		assert.WithinDuration(t, time.Now().Add(time.Minute), deadline, 10*time.Second)
	}
	assert.Equal(t, 1, exits)
	assert.Len(t, c.Calls(), 3)
}

func TestTheEntryStaysAsItWas(t *testing.T) {
	log, _ := testLogger()
	var text bytes.Buffer
	log.SetOutput(&text)
	log.SetFormatter(&logrus.JSONFormatter{DisableTimestamp: true})
	log.WithError(errors.New("no")).WithField("a", 1).Error("m")
	assert.JSONEq(t, `{"a":1,"error":"no","level":"error","msg":"m"}`, text.String())
}

// The race detector is half of this test.
func TestAHookIsSafeForConcurrentUse(t *testing.T) {
	log, c := testLogger()
	entry := log.WithField("a", 1)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 50 {
				entry.WithField("i", i).WithError(errors.New("x")).Error("m")
			}
		})
	}
	group.Wait()
	require.Len(t, c.Calls(), 8*50)
	for _, r := range c.Calls() {
		require.Equal(t, []string{"a", "error", "i"}, r.Keys)
	}
}
