package ingest

import (
	"encoding/base64"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// What JSON, or the platform's database, has no form for.
var (
	errNUL       = errors.New("text with a NUL character")
	errNotFinite = errors.New("a number that is not finite")
)

const hexDigits = "0123456789abcdef"

// encodeObject returns values as one JSON object, its names in order, so that
// the same attributes always make the same text.
func encodeObject(values map[string]pcommon.Value) (string, error) {
	dst := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendField(dst, name, values[name]); err != nil {
			return "", err
		}
	}
	return string(append(dst, '}')), nil
}

func appendField(dst []byte, name string, v pcommon.Value) ([]byte, error) {
	dst, err := appendString(dst, name)
	if err != nil {
		return nil, err
	}
	return appendValue(append(dst, ':'), v)
}

// appendValue appends v as JSON. The depth of v is bounded by the shape check.
func appendValue(dst []byte, v pcommon.Value) ([]byte, error) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return appendString(dst, v.Str())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case pcommon.ValueTypeDouble:
		return appendFloat(dst, v.Double())
	case pcommon.ValueTypeMap:
		return appendMap(dst, v.Map())
	case pcommon.ValueTypeSlice:
		return appendSlice(dst, v.Slice())
	case pcommon.ValueTypeBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes().AsRaw())
		return append(dst, '"'), nil
	}
	return append(dst, "null"...), nil
}

func appendMap(dst []byte, m pcommon.Map) (_ []byte, err error) {
	dst = append(dst, '{')
	first := true
	for name, v := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if dst, err = appendField(dst, name, v); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendSlice(dst []byte, s pcommon.Slice) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, v := range s.All() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendValue(dst, v); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// appendFloat appends f in the shortest form that reads back the same.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errNotFinite
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64), nil
}

// appendString appends s, which is UTF-8, as a JSON string.
func appendString(dst []byte, s string) ([]byte, error) {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case 0:
			return nil, errNUL
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"'), nil
}

// textOf returns v as the platform makes text of a value: a string as it is,
// nothing as nothing, and anything else as JSON.
func textOf(v pcommon.Value) (string, error) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		if strings.IndexByte(v.Str(), 0) >= 0 {
			return "", errNUL
		}
		return v.Str(), nil
	case pcommon.ValueTypeEmpty:
		return "", nil
	}
	b, err := appendValue(nil, v)
	return string(b), err
}
