package ledgerotel

import (
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
)

// maxMaps is how many maps in maps become dotted keys. The client drops what is nested
// deeper than it can follow; as JSON text it is kept.
const maxMaps = 16

// attrOf returns an attribute for a record. Maps become groups, which the client writes
// as dotted keys, as it does those of slog.
func attrOf(kv attribute.KeyValue) slog.Attr {
	return slog.Attr{Key: string(kv.Key), Value: valueOf(kv.Value, maxMaps)}
}

func valueOf(v attribute.Value, maps int) slog.Value {
	switch v.Type() {
	case attribute.STRING:
		return slog.StringValue(v.AsString())
	case attribute.INT64:
		return slog.Int64Value(v.AsInt64())
	case attribute.FLOAT64:
		return slog.Float64Value(v.AsFloat64())
	case attribute.BOOL:
		return slog.BoolValue(v.AsBool())
	case attribute.MAP:
		return mapOf(v, maps)
	case attribute.EMPTY:
		return slog.StringValue("") // As OpenTelemetry asks where there is no empty value.
	default:
		return slog.AnyValue(listOf(v))
	}
}

// mapOf returns a group. An empty one would vanish, and with it that the key was there.
func mapOf(v attribute.Value, maps int) slog.Value {
	members := v.AsMap()
	if len(members) == 0 || maps == 0 {
		return slog.StringValue(v.String())
	}
	group := make([]slog.Attr, len(members))
	for i, m := range members {
		group[i] = slog.Attr{Key: string(m.Key), Value: valueOf(m.Value, maps-1)}
	}
	return slog.GroupValue(group...)
}

// listOf returns a list, or bytes, in a type that the client encodes as such.
func listOf(v attribute.Value) any {
	switch v.Type() {
	case attribute.STRINGSLICE:
		return v.AsStringSlice()
	case attribute.INT64SLICE:
		return v.AsInt64Slice()
	case attribute.FLOAT64SLICE:
		return v.AsFloat64Slice()
	case attribute.BOOLSLICE:
		return v.AsBoolSlice()
	case attribute.BYTESLICE:
		return v.AsByteSlice()
	case attribute.SLICE:
		elements := v.AsSlice()
		list := make([]any, len(elements))
		for i, e := range elements {
			list[i] = elementOf(e)
		}
		return list
	default:
		return v.String()
	}
}

// elementOf returns an element of a list, in which a map can only be text.
func elementOf(v attribute.Value) any {
	switch v.Type() {
	case attribute.BOOL:
		return v.AsBool()
	case attribute.INT64:
		return v.AsInt64()
	case attribute.FLOAT64:
		return v.AsFloat64()
	default:
		return listOf(v) // The rest is a list, or text.
	}
}
