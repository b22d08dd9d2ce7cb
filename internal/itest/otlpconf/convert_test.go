package otlpconf

import (
	"log/slog"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// decoded is what DecodeRecord must return for an official record.
func decoded(r *logs.LogRecord) otlp.DecodedRecord {
	out := otlp.DecodedRecord{
		Time: int64(r.TimeUnixNano), Observed: int64(r.ObservedTimeUnixNano),
		Severity: int(r.SeverityNumber), SeverityText: r.SeverityText,
		Body: plain(r.Body), EventName: r.EventName,
		Flags: r.Flags, Attrs: attrs(r.Attributes), Dropped: r.DroppedAttributesCount,
	}
	if len(r.TraceId) == len(out.TraceID) {
		copy(out.TraceID[:], r.TraceId)
	}
	if len(r.SpanId) == len(out.SpanID) {
		copy(out.SpanID[:], r.SpanId)
	}
	return out
}

func attrs(kvs []*common.KeyValue) (out []slog.Attr) {
	for _, kv := range kvs {
		out = append(out, slog.Any(kv.Key, plain(kv.Value)))
	}
	return out
}

func plain(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_BytesValue:
		return append([]byte{}, v.BytesValue...)
	case *common.AnyValue_ArrayValue:
		list := []any{}
		for _, e := range v.ArrayValue.GetValues() {
			list = append(list, plain(e))
		}
		return list
	case *common.AnyValue_KvlistValue:
		m := map[string]any{}
		for _, kv := range v.KvlistValue.GetValues() {
			m[kv.Key] = plain(kv.Value)
		}
		return m
	default:
		return nil
	}
}

// depth is how deep the values of a record nest.
func depth(r *logs.LogRecord) int {
	deepest := valueDepth(r.Body)
	for _, kv := range r.Attributes {
		deepest = max(deepest, valueDepth(kv.Value))
	}
	return deepest
}

func valueDepth(v *common.AnyValue) int {
	deepest := 0
	for _, e := range v.GetArrayValue().GetValues() {
		deepest = max(deepest, valueDepth(e))
	}
	for _, kv := range v.GetKvlistValue().GetValues() {
		deepest = max(deepest, valueDepth(kv.Value))
	}
	return deepest + 1
}
