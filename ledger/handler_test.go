package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/own"
)

// wire is a logger that encodes and decodes what it is given, and keeps both.
type wire struct {
	mu      sync.Mutex
	prep    preparer
	records []Record
	decoded []otlp.DecodedRecord
	err     error
}

func (w *wire) Log(ctx context.Context, r Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	trace, _ := TraceFromContext(ctx)
	// After the records of the test, so that a time that was set can be told from
	// one that was stamped.
	s := stamp{max: knownLimits(), id: idOf(testID), now: time.Now().Add(time.Second), trace: trace}
	rec, _, err := otlp.DecodeRecord(w.prep.encode(nil, &r, &s))
	if err != nil {
		return err
	}
	// As for a hook: the handler takes back the memory of the attributes.
	(&Client{}).scrubbed(&r, nil)
	w.records = append(w.records, r)
	w.decoded = append(w.decoded, rec)
	return w.err
}

// last returns the last record, without what every record has.
func (w *wire) last(t *testing.T) otlp.DecodedRecord {
	t.Helper()
	require.NotEmpty(t, w.decoded)
	rec := w.decoded[len(w.decoded)-1]
	var attrs []slog.Attr
	for _, a := range rec.Attrs {
		if a.Key != keyID && a.Key != keyUID && a.Key != keyType {
			attrs = append(attrs, a)
		}
	}
	rec.Attrs = attrs
	return rec
}

func testLogger(opts *HandlerOptions) (*slog.Logger, *wire) {
	w := &wire{}
	return slog.New(newHandler(w, opts, nil)), w
}

func TestHandlerPassesSlogtest(t *testing.T) {
	var w *wire
	slogtest.Run(t,
		func(*testing.T) slog.Handler {
			w = &wire{}
			return newHandler(w, nil, nil)
		},
		func(t *testing.T) map[string]any {
			rec := w.last(t)
			m := map[string]any{slog.LevelKey: rec.SeverityText, slog.MessageKey: rec.Body}
			if rec.Time != rec.Observed {
				m[slog.TimeKey] = time.Unix(0, rec.Time)
			}
			for _, a := range rec.Attrs {
				nest(m, strings.Split(a.Key, "."), a.Value.Any())
			}
			return m
		})
}

// nest undoes what turned groups into dotted keys.
func nest(m map[string]any, path []string, v any) {
	for _, group := range path[:len(path)-1] {
		inner, ok := m[group].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[group] = inner
		}
		m = inner
	}
	m[path[len(path)-1]] = v
}

func TestHandlerMakesARecord(t *testing.T) {
	log, w := testLogger(nil)
	tc, _ := ParseTraceparent(traceparent)
	before := time.Now()
	log.With("a", 1).WithGroup("g").With("b", 2).WarnContext(ContextWithTrace(t.Context(), tc), "hello", "c", 3, slog.Group("h", "d", 4))

	rec := w.last(t)
	assert.Equal(t, "hello", rec.Body)
	assert.Equal(t, 13, rec.Severity)
	assert.WithinRange(t, time.Unix(0, rec.Time), before.Add(-time.Second), time.Now())
	assert.Equal(t, tc.TraceID, rec.TraceID)
	assert.Equal(t, []slog.Attr{slog.Int("a", 1), slog.Int("g.b", 2), slog.Int("g.c", 3), slog.Int("g.h.d", 4)}, rec.Attrs)
	assert.Equal(t, TypeLogger, w.records[0].Type)
	assert.Equal(t, "logger", attr(w.decoded[0], "ledger.log_type"))
}

func TestHandlerReturnsTheErrorOfLog(t *testing.T) {
	w := &wire{err: errors.New("closed")}
	assert.Equal(t, w.err, newHandler(w, nil, nil).Handle(t.Context(), slog.Record{}))
}

func TestHandlerLevel(t *testing.T) {
	var level slog.LevelVar
	level.Set(slog.LevelWarn)
	h, plain := newHandler(&wire{}, &HandlerOptions{Level: &level}, nil), newHandler(&wire{}, nil, nil)
	assert.True(t, h.Enabled(t.Context(), slog.LevelWarn))
	assert.False(t, h.Enabled(t.Context(), slog.LevelInfo))
	level.Set(slog.LevelDebug)
	assert.True(t, h.Enabled(t.Context(), slog.LevelDebug), "a LevelVar may change")
	assert.True(t, plain.Enabled(t.Context(), slog.LevelInfo))
	assert.False(t, plain.Enabled(t.Context(), slog.LevelInfo-1))
}

// Three of each, because the third leaves spare capacity behind it.
func TestHandlersOfOneParentShareNothing(t *testing.T) {
	var groups []string
	log, w := testLogger(&HandlerOptions{ReplaceAttr: func(g []string, a slog.Attr) slog.Attr {
		if a.Key == "k" {
			groups = append(groups, strings.Join(g, "."))
		}
		return a
	}})
	parent := log.With("a", 1).With("b", 2).With("c", 3).WithGroup("g").WithGroup("h").WithGroup("i")
	one, two := parent.WithGroup("x").With("d", "one"), parent.WithGroup("y").With("d", "two")
	one.Info("m", "k", 1)
	assert.Equal(t, []slog.Attr{slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3), slog.String("g.h.i.x.d", "one"), slog.Int("g.h.i.x.k", 1)}, w.last(t).Attrs)
	two.Info("m", "k", 2)
	assert.Equal(t, []slog.Attr{slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3), slog.String("g.h.i.y.d", "two"), slog.Int("g.h.i.y.k", 2)}, w.last(t).Attrs)
	one.Info("m", "k", 3)
	assert.Equal(t, []string{"g.h.i.x", "g.h.i.y", "g.h.i.x"}, groups)
}

func TestNothingToAddChangesNothing(t *testing.T) {
	h := newHandler(&wire{}, nil, nil)
	assert.Same(t, h, h.WithGroup(""))
	assert.Same(t, h, h.WithAttrs(nil))
}

func TestARecordsAttributesAreItsOwn(t *testing.T) {
	log, w := testLogger(nil)
	log = log.With("a", 1)
	log.Info("m")
	w.records[0].Attrs[0] = slog.Int("a", 666) // as BeforeSend may
	log.Info("m")
	assert.Equal(t, []slog.Attr{slog.Int("a", 1)}, w.last(t).Attrs)
}

func TestValuesOfWithAreTakenThen(t *testing.T) {
	names, data, user := []string{"a"}, []byte("b"), &struct{ Name string }{"c"}
	ints, longs, floats, bools := []int{1}, []int64{1}, []float64{1}, []bool{true}
	log, w := testLogger(nil)
	log = log.With("names", names, "data", data, "user", user, "ints", ints, "longs", longs, "floats", floats, "bools", bools)
	names[0], data[0], user.Name = "changed", 'x', "changed"
	ints[0], longs[0], floats[0], bools[0] = 2, 2, 2, false
	log.Info("m")
	assert.Equal(t, []slog.Attr{
		slog.Any("names", []any{"a"}), slog.Any("data", []byte("b")), slog.String("user", `{"Name":"c"}`),
		slog.Any("ints", []any{int64(1)}), slog.Any("longs", []any{int64(1)}), slog.Any("floats", []any{1.0}), slog.Any("bools", []any{true}),
	}, w.last(t).Attrs)
}

// The race detector is half of this test.
func TestAHandlerIsSafeForConcurrentUse(t *testing.T) {
	log, w := testLogger(&HandlerOptions{AddSource: true, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return a }})
	log = log.With("a", 1, "b", 2, "c", 3).WithGroup("g").WithGroup("h").WithGroup("i")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				log.With("i", i).Error("m", slog.Group("x", "j", j), "err", plainError("x"))
			}
		})
	}
	group.Wait()
	assert.Len(t, w.decoded, 8*50)
}

func TestHandlerBesideAnother(t *testing.T) {
	var text bytes.Buffer
	w := &wire{}
	log := slog.New(slog.NewMultiHandler(slog.NewTextHandler(&text, nil), newHandler(w, nil, nil)))
	log.With("a", 1).Info("m")
	assert.Contains(t, text.String(), "a=1")
	assert.Equal(t, []slog.Attr{slog.Int("a", 1)}, w.last(t).Attrs)
}

func TestATypicalLineCostsNoAllocation(t *testing.T) {
	var p preparer
	var buf []byte
	s := stamp{max: knownLimits(), id: idOf(testID), now: testNow, scrub: Scrub{}.scrubber()}
	var scope Scope
	scope.Add(slog.String("http.request.method", "GET"))
	s.scope = scope.Attrs()
	log := slog.New(newHandler(logFunc(func(_ context.Context, r Record) error {
		buf = p.encode(buf[:0], &r, &s)
		return nil
	}), nil, s.scrub)).With("service", "shop", "tenant", 7).WithGroup("request")
	allocs := testing.AllocsPerRun(200, func() {
		log.LogAttrs(context.Background(), slog.LevelInfo, "hello", slog.String("id", "abc"), slog.Int("n", 7), slog.Duration("took", time.Second))
	})
	if !raceDetector {
		assert.Zero(t, allocs)
	}
	assert.Equal(t, "GET", attr(decode(t, buf), "http.request.method"))
}

// Keys that are not constants must not fill the memory.
func TestAHandlerRemembersABoundedNumberOfKeys(t *testing.T) {
	log, w := testLogger(nil)
	log = log.WithGroup("g")
	for i := range 3 * maxJoins {
		log.Info("m", fmt.Sprint(i), i)
		require.NotNil(t, attr(w.decoded[i], fmt.Sprint("g.", i)))
	}
	h, _ := log.Handler().(*handler)
	assert.LessOrEqual(t, len(*h.joins.known.Load()), maxJoins)
}

func TestTheLibrarysOwnLinesAreLeftOut(t *testing.T) {
	log, w := testLogger(nil)
	log.InfoContext(own.Mark(t.Context()), "a request of the library's")
	own.Logger(log).Warn("a diagnostic")
	assert.Empty(t, w.records)
}

func BenchmarkHandler(b *testing.B) {
	var p preparer
	var buf []byte
	s := stamp{max: knownLimits(), id: idOf(testID), now: testNow, resource: 500, scrub: Scrub{}.scrubber()}
	log := slog.New(newHandler(logFunc(func(_ context.Context, r Record) error {
		buf = p.encode(buf[:0], &r, &s)
		return nil
	}), nil, s.scrub)).With("service", "shop").WithGroup("request")
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		log.LogAttrs(ctx, slog.LevelInfo, "hello", slog.String("id", "abc"), slog.Int("n", 7), slog.Duration("took", time.Second))
	}
}

type logFunc func(context.Context, Record) error

func (f logFunc) Log(ctx context.Context, r Record) error { return f(ctx, r) }
