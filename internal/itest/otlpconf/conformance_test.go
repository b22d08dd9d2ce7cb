package otlpconf

import (
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	service "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// official unmarshals one record of ours with the official types. Nothing may end
// up in unknown fields.
func official(t *testing.T, b []byte) *logs.LogRecord {
	t.Helper()
	var scope logs.ScopeLogs
	require.NoError(t, proto.Unmarshal(b, &scope))
	require.Empty(t, scope.ProtoReflect().GetUnknown())
	require.Len(t, scope.LogRecords, 1)
	require.Empty(t, scope.LogRecords[0].ProtoReflect().GetUnknown())
	return scope.LogRecords[0]
}

func str(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

func num(i int64) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: i}}
}

func double(f float64) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: f}}
}

func boolean(b bool) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: b}}
}

func raw(b ...byte) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: b}}
}

func list(values ...*common.AnyValue) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: values}}}
}

func kv(key string, v *common.AnyValue) *common.KeyValue { return &common.KeyValue{Key: key, Value: v} }

func TestOfficialTypesReadEveryKindOfAttribute(t *testing.T) {
	for _, c := range []struct {
		name string
		in   slog.Value
		want *common.AnyValue
	}{
		{"string", slog.StringValue("é"), str("é")},
		{"long string", slog.StringValue(strings.Repeat("x", 70_000)), str(strings.Repeat("x", 70_000))},
		{"empty string", slog.StringValue(""), str("")},
		{"int", slog.IntValue(-1), num(-1)},
		{"smallest int", slog.Int64Value(math.MinInt64), num(math.MinInt64)},
		{"zero", slog.IntValue(0), num(0)},
		{"uint", slog.Uint64Value(7), num(7)},
		{"largest uint", slog.Uint64Value(math.MaxUint64), str("18446744073709551615")},
		{"float", slog.Float64Value(-2.5), double(-2.5)},
		{"zero float", slog.Float64Value(0), double(0)},
		{"NaN", slog.Float64Value(math.NaN()), str("NaN")},
		{"true", slog.BoolValue(true), boolean(true)},
		{"false", slog.BoolValue(false), boolean(false)},
		{"duration", slog.DurationValue(time.Second), num(1e9)},
		{"time", slog.TimeValue(time.Unix(1, 2).UTC()), str("1970-01-01T00:00:01.000000002Z")},
		{"bytes", slog.AnyValue([]byte{0, 255}), raw(0, 255)},
		{"no bytes", slog.AnyValue([]byte{}), raw()},
		{"error", slog.AnyValue(errors.New("e")), str("e")},
		{"nil", slog.AnyValue(nil), str("<nil>")},
		{"strings", slog.AnyValue([]string{"a", ""}), list(str("a"), str(""))},
		{"long list", slog.AnyValue([]string{strings.Repeat("x", 200), "b"}), list(str(strings.Repeat("x", 200)), str("b"))},
		{"ints", slog.AnyValue([]int{-1, 0}), list(num(-1), num(0))},
		{"int64s", slog.AnyValue([]int64{1}), list(num(1))},
		{"floats", slog.AnyValue([]float64{1, math.Inf(1)}), list(double(1), str("+Inf"))},
		{"bools", slog.AnyValue([]bool{true, false}), list(boolean(true), boolean(false))},
		{"empty list", slog.AnyValue([]any{}), list()},
		{"mixed list", slog.AnyValue([]any{"a", 1, 2.5, true, []byte{1}, []any{}}), list(str("a"), num(1), double(2.5), boolean(true), raw(1), list())},
		{"struct", slog.AnyValue(struct{ A int }{1}), str(`{"A":1}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := otlp.AppendRecord(nil, &otlp.Record{Body: "m", Attrs: []slog.Attr{{Key: "k", Value: c.in}}})
			want := &logs.LogRecord{Body: str("m"), Attributes: []*common.KeyValue{kv("k", c.want)}}
			got := official(t, b)
			assert.True(t, proto.Equal(want, got), "want %v\ngot  %v", want, got)

			rec, _, err := otlp.DecodeRecord(b)
			require.NoError(t, err)
			assert.Equal(t, decoded(got), rec)
		})
	}
}

func TestOfficialTypesReadEveryField(t *testing.T) {
	rec := &otlp.Record{
		Time: 1, Observed: math.MaxInt64, Severity: 24, SeverityText: "FATAL4", Body: "b", EventName: "e",
		TraceID: [16]byte{1, 15: 2}, SpanID: [8]byte{7: 9}, Flags: math.MaxUint32, Dropped: math.MaxUint32,
		Attrs: []slog.Attr{slog.Group("g", slog.Int("a", 1)), slog.Int("b", 1), slog.Int("b", 2)},
	}
	want := &logs.LogRecord{
		TimeUnixNano: 1, ObservedTimeUnixNano: math.MaxInt64, SeverityNumber: logs.SeverityNumber_SEVERITY_NUMBER_FATAL4,
		SeverityText: "FATAL4", Body: str("b"), EventName: "e", TraceId: rec.TraceID[:], SpanId: rec.SpanID[:],
		Flags: math.MaxUint32, DroppedAttributesCount: math.MaxUint32,
		Attributes: []*common.KeyValue{kv("g.a", num(1)), kv("b", num(2))},
	}
	got := official(t, otlp.AppendRecord(nil, rec))
	assert.True(t, proto.Equal(want, got), "want %v\ngot  %v", want, got)
}

// Sorting fields by number is what the official encoder does, so that equal
// records have equal bytes in both.
func TestOurBytesAreTheOfficialBytes(t *testing.T) {
	b := otlp.AppendRecord(nil, &otlp.Record{
		Time: 1, Observed: 2, Severity: 9, SeverityText: "INFO", Body: "b", EventName: "e", TraceID: [16]byte{1}, SpanID: [8]byte{1},
		Flags: 1, Dropped: 1, Attrs: []slog.Attr{slog.String("a", strings.Repeat("x", 200)), slog.Any("l", []string{"b"})},
	})
	again, err := proto.MarshalOptions{Deterministic: true}.Marshal(&logs.ScopeLogs{LogRecords: []*logs.LogRecord{official(t, b)}})
	require.NoError(t, err)
	assert.Equal(t, again, b)
}

func TestAPrefixAndRecordsAreAnOfficialRequest(t *testing.T) {
	res := otlp.AppendResource(nil, []slog.Attr{slog.String("service.name", "shop")})
	for _, count := range []int{0, 1, 1000} {
		var records []byte
		var want []*logs.LogRecord
		for i := range count {
			records = otlp.AppendRecord(records, &otlp.Record{Time: int64(i + 1), Body: "b"})
			want = append(want, &logs.LogRecord{TimeUnixNano: uint64(i + 1), Body: str("b")})
		}
		b := append(otlp.AppendRequestPrefix(nil, res, "ledger", "1.0.0", len(records)), records...)

		var got service.ExportLogsServiceRequest
		require.NoError(t, proto.Unmarshal(b, &got))
		assert.True(t, proto.Equal(&service.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
			Resource:  &resource.Resource{Attributes: []*common.KeyValue{kv("service.name", str("shop"))}},
			ScopeLogs: []*logs.ScopeLogs{{Scope: &common.InstrumentationScope{Name: "ledger", Version: "1.0.0"}, LogRecords: want}},
		}}}, &got), "%d records", count)
	}
}

func TestWeReadAnOfficialRequest(t *testing.T) {
	rec := &logs.LogRecord{TimeUnixNano: 5, Body: list(str("a")), TraceId: []byte("short"), Attributes: []*common.KeyValue{
		kv("map", &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{kv("x", num(1))}}}}),
		kv("unset", &common.AnyValue{}), kv("nothing", nil),
	}}
	b, err := proto.Marshal(&service.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{
		{Resource: &resource.Resource{Attributes: []*common.KeyValue{kv("a", num(1))}, DroppedAttributesCount: 1}, SchemaUrl: "s"},
		{ScopeLogs: []*logs.ScopeLogs{
			{Scope: &common.InstrumentationScope{Name: "n", Version: "v", Attributes: []*common.KeyValue{kv("b", num(2))}}, SchemaUrl: "s"},
			{LogRecords: []*logs.LogRecord{rec, {}}},
		}},
	}})
	require.NoError(t, err)
	got, err := otlp.DecodeRequest(b)
	require.NoError(t, err)
	assert.Equal(t, otlp.Request{Resources: []otlp.ResourceLogs{
		{Resource: []slog.Attr{slog.Int("a", 1)}},
		{Scopes: []otlp.ScopeLogs{{Name: "n", Version: "v"}, {Records: []otlp.DecodedRecord{decoded(rec), {}}}}},
	}}, got)
}

func TestWeReadOfficialResponses(t *testing.T) {
	for _, c := range []struct {
		in   *service.ExportLogsServiceResponse
		want otlp.Response
	}{
		{&service.ExportLogsServiceResponse{}, otlp.Response{}},
		{&service.ExportLogsServiceResponse{PartialSuccess: &service.ExportLogsPartialSuccess{}}, otlp.Response{}},
		{
			&service.ExportLogsServiceResponse{PartialSuccess: &service.ExportLogsPartialSuccess{RejectedLogRecords: 7, ErrorMessage: "quota"}},
			otlp.Response{Rejected: 7, Message: "quota"},
		},
		{&service.ExportLogsServiceResponse{PartialSuccess: &service.ExportLogsPartialSuccess{RejectedLogRecords: -7}}, otlp.Response{}},
	} {
		b, err := proto.Marshal(c.in)
		require.NoError(t, err)
		got, err := otlp.ParseResponse(b)
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
}
