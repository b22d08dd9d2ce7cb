package ledgerotel_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

func TestFieldsOfARecordArrive_O2(t *testing.T) {
	r := newRig(t)
	at := time.Now().Add(-time.Hour).Round(0)
	r.emit(t.Context(), func(rec *log.Record) {
		rec.SetTimestamp(at)
		rec.SetObservedTimestamp(at.Add(time.Minute))
		rec.SetSeverity(log.SeverityWarn2)
		rec.SetSeverityText("NOTICE")
		rec.SetBody(attribute.StringValue("stock is low"))
		rec.SetEventName("stock.low")
		rec.AddAttributes(attribute.String("sku", "A-7"), attribute.Int("left", 3))
	})
	got := r.one(t)
	assert.Equal(t, at.UnixNano(), got.Time)
	assert.WithinDuration(t, time.Now(), time.Unix(0, got.Observed), time.Minute, "when it was admitted")
	assert.Equal(t, int(log.SeverityWarn2), got.Severity)
	assert.Equal(t, "stock is low", got.Body)
	assert.Equal(t, "stock.low", got.EventName)
	assert.Equal(t, "logger", got.attrs["ledger.log_type"])
	assert.NotEmpty(t, got.attrs["log.record.uid"])
	for key, want := range map[string]any{
		"sku": "A-7", "left": int64(3), "otel.severity_text": "NOTICE",
		"otel.scope.name": "shop/cart", "otel.scope.version": "1.2.3",
	} {
		assert.Equal(t, want, got.attrs[key], key)
	}
}

// A record that says nothing but that it was is a record.
func TestAnEmptyRecordArrives(t *testing.T) {
	r := newRig(t)
	r.emit(t.Context(), func(*log.Record) {})
	got := r.one(t)
	assert.Equal(t, int(log.SeverityInfo), got.Severity)
	assert.WithinDuration(t, time.Now(), time.Unix(0, got.Time), time.Minute)
	assert.Empty(t, got.Body)
}

func TestWithoutATimestampThatOfObservationCounts(t *testing.T) {
	r := newRig(t)
	at := time.Now().Add(-time.Hour).Round(0)
	r.emit(t.Context(), func(rec *log.Record) { rec.SetObservedTimestamp(at) })
	assert.Equal(t, at.UnixNano(), r.one(t).Time)
}

func TestSeverityNumbersAreKept(t *testing.T) {
	r := newRig(t)
	for n := log.SeverityTrace1; n <= log.SeverityFatal4; n++ {
		r.emit(t.Context(), func(rec *log.Record) {
			rec.SetSeverity(n)
			rec.SetSeverityText(strings.ToLower(n.String()))
		})
	}
	all := r.arrived(t)
	require.Len(t, all, 24)
	for i, got := range all {
		assert.Equal(t, i+1, got.Severity)
		assert.NotContains(t, got.attrs, "otel.severity_text", "it is but the number's name")
	}
}

func TestSeverityTexts(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		number log.Severity
		text   string
		want   int
		kept   bool
	}{
		{log.SeverityInfo, "info", 9, false},
		{log.SeverityInfo2, "INFO+1", 10, false}, // slog's name
		{log.SeverityInfo2, "notice", 10, true},
		{log.SeverityFatal, "CRITICAL", 21, true},
		{log.SeverityUndefined, "", 9, false},
		{log.SeverityUndefined, "Trace", 1, false},
		{log.SeverityUndefined, "DEBUG", 5, false},
		{log.SeverityUndefined, "warn", 13, false},
		{log.SeverityUndefined, "warning", 13, true},
		{log.SeverityUndefined, "ERROR", 17, false},
		{log.SeverityUndefined, "fatal", 21, false},
		{log.SeverityUndefined, "critical", 21, true},
		{log.SeverityUndefined, "E", 9, true},
		{-3, "", 9, false},
		{99, "", 24, false},
	} {
		t.Run(fmt.Sprintf("%d %s", int(c.number), c.text), func(t *testing.T) {
			r.emit(t.Context(), func(rec *log.Record) {
				rec.SetSeverity(c.number)
				rec.SetSeverityText(c.text)
			})
			got := r.one(t)
			assert.Equal(t, c.want, got.Severity)
			if c.kept {
				assert.Equal(t, c.text, got.attrs["otel.severity_text"])
			} else {
				assert.NotContains(t, got.attrs, "otel.severity_text")
			}
		})
	}
}

func TestBodies(t *testing.T) {
	r := newRig(t)
	cases := []struct {
		body attribute.Value
		want string
	}{
		{attribute.StringValue("as it is \"quoted\""), "as it is \"quoted\""},
		{attribute.Int64Value(-7), "-7"},
		{attribute.Float64Value(0.5), "0.5"},
		{attribute.BoolValue(true), "true"},
		{attribute.ByteSliceValue([]byte{1, 2}), "AQI="},
		{attribute.StringSliceValue([]string{"a", "b"}), `["a","b"]`},
		{attribute.SliceValue(attribute.IntValue(1), attribute.Value{}), `[1,null]`},
		{attribute.MapValue(attribute.String("order", "7"), attribute.Int("items", 2)), `{"items":2,"order":"7"}`},
	}
	for _, c := range cases {
		r.emit(t.Context(), func(rec *log.Record) { rec.SetBody(c.body) })
	}
	for i, got := range r.arrived(t) {
		assert.Equal(t, cases[i].want, got.Body)
	}
	r.emit(t.Context(), func(rec *log.Record) { rec.SetEventName("order.paid") })
	assert.Equal(t, "order.paid", r.one(t).Body, "an event without body is shown by its name")
	r.emit(t.Context(), func(rec *log.Record) {
		rec.SetEventName("order.paid")
		rec.SetBody(attribute.StringValue(""))
	})
	assert.Empty(t, r.one(t).Body, "it has a body")
}

func TestAttributesOfEveryKind_O2(t *testing.T) {
	r := newRig(t)
	ten := make([]attribute.Value, 10)
	for i := range ten {
		ten[i] = attribute.IntValue(i)
	}
	r.emit(t.Context(), func(rec *log.Record) {
		rec.AddAttributes(
			attribute.Bool("bool", true), attribute.Int64("int", math.MinInt64), attribute.Float64("float", 2.5),
			attribute.String("string", "ünï"), attribute.KeyValue{Key: "empty"},
			attribute.KeyValue{Key: "bytes", Value: attribute.ByteSliceValue([]byte{0, 255})},
			attribute.BoolSlice("bools", []bool{true, false}), attribute.Int64Slice("ints", []int64{1, -2}),
			attribute.Float64Slice("floats", []float64{0.5}), attribute.StringSlice("strings", []string{"a", ""}),
			attribute.StringSlice("none", nil),
			attribute.KeyValue{Key: "list", Value: attribute.SliceValue(
				attribute.StringValue("x"), attribute.BoolValue(true), attribute.Float64Value(1.5), attribute.Value{},
				attribute.SliceValue(attribute.IntValue(1)), attribute.ByteSliceValue([]byte{7}),
				attribute.MapValue(attribute.Int("a", 1)),
			)},
			attribute.KeyValue{Key: "ten", Value: attribute.SliceValue(ten...)},
			attribute.KeyValue{Key: "user", Value: attribute.MapValue(
				attribute.String("id", "7"),
				attribute.KeyValue{Key: "plan", Value: attribute.MapValue(attribute.String("name", "pro"))},
				attribute.KeyValue{Key: "tags", Value: attribute.MapValue()},
			)},
			attribute.KeyValue{Key: "void", Value: attribute.MapValue()},
		)
	})
	got := r.one(t)
	for key, want := range map[string]any{
		"bool": true, "int": int64(math.MinInt64), "float": 2.5, "string": "ünï", "empty": "", "bytes": []byte{0, 255},
		"bools": []any{true, false}, "ints": []any{int64(1), int64(-2)}, "floats": []any{0.5}, "strings": []any{"a", ""},
		"none": []any{},
		"list": []any{"x", true, 1.5, "", []any{int64(1)}, []byte{7}, `{"a":1}`},
		"ten":  []any{int64(0), int64(1), int64(2), int64(3), int64(4), int64(5), int64(6), int64(7), int64(8), int64(9)},
		// Maps are what groups are to slog.
		"user.id": "7", "user.plan.name": "pro", "user.tags": "{}", "void": "{}",
	} {
		assert.Contains(t, got.attrs, key)
		assert.Equal(t, want, got.attrs[key], key)
	}
	assert.Zero(t, got.Dropped)
}

// What is nested deeper than keys can say is kept as text.
func TestDeepMapsAreKept_O2(t *testing.T) {
	r := newRig(t, sdklog.WithAttributeValueDepthLimit(-1))
	v := attribute.StringValue("treasure")
	for range 100 {
		v = attribute.MapValue(attribute.KeyValue{Key: "d", Value: v})
	}
	r.emit(t.Context(), func(rec *log.Record) { rec.AddAttributes(attribute.KeyValue{Key: "deep", Value: v}) })
	got := r.one(t)
	assert.Zero(t, got.Dropped)
	assert.Contains(t, fmt.Sprint(got.attrs), "treasure")
}

// The attributes of a record win over what is derived, and nothing over its ID.
func TestAttributesOfTheRecordWin(t *testing.T) {
	r := newRig(t)
	r.emit(t.Context(), func(rec *log.Record) {
		rec.SetSeverity(log.SeverityInfo)
		rec.SetSeverityText("NOTICE")
		rec.AddAttributes(attribute.String("otel.scope.name", "mine"), attribute.String("otel.severity_text", "mine"),
			attribute.String("log.record.uid", "mine"), attribute.String("service.name", "mine"))
	})
	got := r.one(t)
	assert.Equal(t, "mine", got.attrs["otel.scope.name"])
	assert.Equal(t, "mine", got.attrs["otel.severity_text"])
	assert.Equal(t, "mine", got.attrs["service.name"])
	assert.NotEqual(t, "mine", got.attrs["log.record.uid"])
}

func TestScopesArrive_O2(t *testing.T) {
	r := newRig(t)
	named := r.provider.Logger("db", log.WithSchemaURL("https://example.test/1"),
		log.WithInstrumentationAttributes(attribute.String("pool", "main"), attribute.String("name", "not the name")))
	named.Emit(t.Context(), log.Record{})
	got := r.one(t)
	assert.Equal(t, "db", got.attrs["otel.scope.name"])
	assert.Equal(t, "https://example.test/1", got.attrs["otel.scope.schema_url"])
	assert.Equal(t, "main", got.attrs["otel.scope.pool"])
	assert.NotContains(t, got.attrs, "otel.scope.version")
}

func TestDroppedAttributesAreCounted(t *testing.T) {
	r := newRig(t, sdklog.WithAttributeCountLimit(2))
	r.emit(t.Context(), func(rec *log.Record) {
		rec.AddAttributes(attribute.Int("a", 1), attribute.Int("b", 2), attribute.Int("c", 3), attribute.Int("d", 4))
	})
	got := r.one(t)
	assert.Equal(t, int64(2), got.attrs["otel.dropped_attributes_count"])
	assert.NotContains(t, got.attrs, "c")
}

type outOfStock struct{ sku string }

func (e outOfStock) Error() string { return "out of stock: " + e.sku }

func TestErrorsBecomeExceptions(t *testing.T) {
	r := newRig(t)
	r.emit(t.Context(), func(rec *log.Record) {
		rec.SetSeverity(log.SeverityError)
		rec.SetEventName("order.failed")
		rec.SetErr(fmt.Errorf("order 7: %w", outOfStock{"A-7"}))
		rec.AddAttributes(attribute.String("exception.stacktrace", string(debug.Stack())))
	})
	got := r.one(t)
	assert.Equal(t, "exception", got.attrs["ledger.log_type"])
	assert.Equal(t, "order 7: out of stock: A-7", got.attrs["exception.message"])
	assert.Contains(t, got.attrs["exception.type"], "outOfStock")
	stack := fmt.Sprint(got.attrs["exception.stacktrace"])
	assert.NotContains(t, stack, "goroutine", "it is in the form that errors are grouped by")
	assert.Contains(t, stack, "TestErrorsBecomeExceptions")
	assert.True(t, strings.HasPrefix(stack, "at "), stack)
	assert.Equal(t, "order 7: out of stock: A-7", got.Body, "it has no body; this says more than the event's name")

	r.emit(t.Context(), func(rec *log.Record) {
		rec.SetEventName("checkout.failed")
		rec.SetErr(errors.New("boom"))
		rec.SetBody(attribute.StringValue("checkout failed"))
		rec.AddAttributes(attribute.String("exception.stacktrace", "Traceback:\n  File x"))
	})
	got = r.one(t)
	assert.Equal(t, "checkout failed", got.Body)
	assert.Equal(t, "Traceback:\n  File x", got.attrs["exception.stacktrace"], "other forms stay")
}

func TestTypesAreInferred(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		want  ledger.Type
		attrs []attribute.KeyValue
	}{
		{ledger.TypeLogger, nil},
		{ledger.TypeLogger, []attribute.KeyValue{attribute.String("exceptional", "x"), attribute.String("db.query.text", "x")}},
		{ledger.TypeDatabase, []attribute.KeyValue{attribute.String("db.system.name", "postgresql")}},
		{ledger.TypeDatabase, []attribute.KeyValue{{Key: "db", Value: attribute.MapValue(attribute.String("system", "mysql"))}}},
		{ledger.TypeException, []attribute.KeyValue{attribute.String("exception.type", "x")}},
		{ledger.TypeException, []attribute.KeyValue{attribute.String("exception.stacktrace", "at f(x.go:1)")}},
		{ledger.TypeCustom, []attribute.KeyValue{attribute.String("ledger.log_type", "custom")}},
		{ledger.TypeEndpoint, []attribute.KeyValue{
			attribute.String("http.request.method", "GET"), attribute.String("http.route", "/"),
			attribute.Int("http.response.status_code", 200), attribute.Float64("ledger.duration_ms", 1),
		}},
	} {
		t.Run(string(c.want), func(t *testing.T) {
			r.emit(t.Context(), func(rec *log.Record) { rec.AddAttributes(c.attrs...) })
			assert.Equal(t, string(c.want), r.one(t).attrs["ledger.log_type"])
		})
	}
}

// The memory of one record is used for the next, which must not see it.
func TestRecordsDoNotMix(t *testing.T) {
	r := newRig(t)
	for i := range 300 {
		r.emit(t.Context(), func(rec *log.Record) {
			rec.AddAttributes(attribute.Int("i", i))
			for j := range i % 17 {
				rec.AddAttributes(attribute.Int(fmt.Sprintf("only-%d-%d", i, j), j))
			}
		})
	}
	for i, got := range r.arrived(t) {
		require.Equal(t, int64(i), got.attrs["i"])
		for key := range got.attrs {
			if rest, ok := strings.CutPrefix(key, "only-"); ok {
				require.True(t, strings.HasPrefix(rest, fmt.Sprintf("%d-", i)), "%d has %s", i, key)
			}
		}
		require.Len(t, got.attrs, 1+2+3+i%17)
	}
}

// BeforeSend sees the record as the client will send it.
func TestHooksOfTheClientApply(t *testing.T) {
	r := &rig{}
	cfg := r.server.config(t)
	cfg.BeforeSend = func(_ context.Context, rec *ledger.Record) bool { return rec.EventName != "noise" }
	r.client = open(t, cfg)
	r.provide(sdklog.WithProcessor(ledgerotel.NewProcessor(r.client)))
	r.emit(t.Context(), func(rec *log.Record) { rec.SetEventName("noise") })
	r.emit(t.Context(), func(rec *log.Record) { rec.SetEventName("signal") })
	all := r.arrived(t)
	require.Len(t, all, 1)
	assert.Equal(t, "signal", all[0].EventName)
}
