package otlp

import (
	"log/slog"
	"math"
	"slices"
	"strconv"
	"time"
)

// appendPair appends a KeyValue whose key is clean and whose value is plain.
func appendPair(dst []byte, tag byte, key string, v slog.Value) []byte {
	if v.Kind() == slog.KindString {
		return appendPairText(dst, tag, key, Clean(v.String()))
	}
	dst, pair := begin(dst, tag)
	dst = appendText(dst, tagPairKey, key)
	dst, value := begin(dst, tagPairValue)
	dst = appendValue(dst, v)
	return end(end(dst, value), pair)
}

// appendPairText appends a KeyValue whose key and value are clean text. Most are so
// short that every length is one byte and known before.
func appendPairText[T string | []byte](dst []byte, tag byte, key string, s T) []byte {
	const lengths = 6 // of key, value and text, with their tags
	if n := len(key) + len(s) + lengths; n < 0x80 {
		at := len(dst)
		dst = slices.Grow(dst, n+2)[:at+n+2]
		b := dst[at:]
		b[0], b[1], b[2], b[3] = tag, byte(n), tagPairKey, byte(len(key))
		b = b[4+copy(b[4:], key):]
		b[0], b[1], b[2], b[3] = tagPairValue, byte(len(s)+2), tagValueString, byte(len(s))
		copy(b[4:], s)
		return dst
	}
	dst, pair := begin(dst, tag)
	dst = appendText(dst, tagPairKey, key)
	dst, value := begin(dst, tagPairValue)
	return end(end(appendText(dst, tagValueString, s), value), pair)
}

// appendValue appends the content of an AnyValue.
func appendValue(dst []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return appendText(dst, tagValueString, Clean(v.String()))
	case slog.KindInt64:
		return appendVarint(dst, tagValueInt, uint64(v.Int64()))
	case slog.KindUint64:
		return appendUint(dst, v.Uint64())
	case slog.KindFloat64:
		return appendFloat(dst, v.Float64())
	case slog.KindBool:
		return appendBool(dst, v.Bool())
	case slog.KindDuration:
		return appendVarint(dst, tagValueInt, uint64(v.Duration()))
	case slog.KindTime:
		dst, at := begin(dst, tagValueString)
		return end(v.Time().AppendFormat(dst, time.RFC3339Nano), at)
	default:
		return appendAny(dst, v.Any())
	}
}

// appendAny appends what a plain value may hold behind KindAny, and what the
// elements of a []any may be.
func appendAny(dst []byte, x any) []byte {
	switch x := x.(type) {
	case string:
		return appendText(dst, tagValueString, Clean(x))
	case bool:
		return appendBool(dst, x)
	case int64:
		return appendVarint(dst, tagValueInt, uint64(x))
	case uint64:
		return appendUint(dst, x)
	case float64:
		return appendFloat(dst, x)
	case []byte:
		return appendText(dst, tagValueBytes, x)
	case []string:
		return appendArray(dst, x, func(dst []byte, s string) []byte {
			return appendText(dst, tagValueString, Clean(s))
		})
	case []int:
		return appendArray(dst, x, func(dst []byte, i int) []byte {
			return appendVarint(dst, tagValueInt, uint64(i))
		})
	case []int64:
		return appendArray(dst, x, func(dst []byte, i int64) []byte {
			return appendVarint(dst, tagValueInt, uint64(i))
		})
	case []float64:
		return appendArray(dst, x, appendFloat)
	case []bool:
		return appendArray(dst, x, appendBool)
	case []any:
		return appendArray(dst, x, appendAny)
	default:
		return dst // Flatten leaves nothing else; an empty AnyValue is valid
	}
}

func appendArray[T any](dst []byte, list []T, element func([]byte, T) []byte) []byte {
	dst, array := begin(dst, tagValueArray)
	for _, x := range list {
		var at int
		dst, at = begin(dst, tagArrayElement)
		dst = end(element(dst, x), at)
	}
	return end(dst, array)
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, tagValueBool, 1)
	}
	return append(dst, tagValueBool, 0)
}

// appendUint keeps what OTLP's signed integer cannot hold as decimal text: a
// float would silently change the number, and such numbers are mostly IDs.
func appendUint(dst []byte, u uint64) []byte {
	if u <= math.MaxInt64 {
		return appendVarint(dst, tagValueInt, u)
	}
	dst, at := begin(dst, tagValueString)
	return end(strconv.AppendUint(dst, u, 10), at)
}

// appendFloat writes NaN and infinities as text: JSON has no such numbers, and
// servers that store attributes as JSON lose the whole batch over one (E2).
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		dst, at := begin(dst, tagValueString)
		return end(strconv.AppendFloat(dst, f, 'g', -1, 64), at)
	}
	return appendFixed64(dst, tagValueDouble, math.Float64bits(f))
}
