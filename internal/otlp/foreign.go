package otlp

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
)

const (
	// maxJSON is the longest JSON text of one value, in code points.
	maxJSON = 16 << 10
	// maxWeight is the largest value that is marshalled at all. JSON cannot be cut
	// while it is made, so without a bound one log call could marshal a cache.
	maxWeight = 1 << 20
	// maxJSONDepth is the deepest: of a value that contains itself there is no end.
	maxJSONDepth = 256
	// maxPanicText bounds what a panic may add to a record, in code points.
	maxPanicText = 256
)

// foreign makes a value of a type that we do not know plain. Types that say how
// they read are asked first, because that is what redaction hooks into.
func (w *walk) foreign(x any, depth int) (v slog.Value) {
	defer contain(x, &v)
	switch x := x.(type) {
	case error:
		return slog.StringValue(textOf(x))
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		if err != nil {
			return slog.StringValue("!ERROR: " + err.Error())
		}
		return slog.StringValue(string(b))
	case json.Marshaler:
		return slog.StringValue(jsonText(x))
	case fmt.Stringer:
		return slog.StringValue(x.String())
	}
	return w.byKind(x, depth)
}

// byKind makes a value plain by what its type is made of.
func (w *walk) byKind(x any, depth int) slog.Value {
	rv := reflect.ValueOf(x)
	switch rv.Kind() {
	case reflect.String:
		return slog.StringValue(rv.String())
	case reflect.Bool:
		return slog.BoolValue(rv.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return slog.Int64Value(rv.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return slog.Uint64Value(rv.Uint())
	case reflect.Float32, reflect.Float64:
		return slog.Float64Value(rv.Float())
	case reflect.Complex64, reflect.Complex128:
		return slog.StringValue(strconv.FormatComplex(rv.Complex(), 'g', -1, 128))
	case reflect.Pointer:
		if rv.IsNil() {
			return slog.StringValue("<nil>")
		}
		if depth > 0 && rv.Elem().Kind() != reflect.Struct {
			return w.plain(slog.AnyValue(rv.Elem().Interface()), depth-1)
		}
	case reflect.Slice, reflect.Array:
		if list, ok := listOf(rv); ok {
			return w.any(list, depth)
		}
	}
	return slog.StringValue(jsonText(x))
}

// listOf returns a slice or array as []byte or []any, if its elements are scalars
// or say themselves how they read. Lists of structs and maps are better as one
// JSON text.
func listOf(rv reflect.Value) (any, bool) {
	elem := rv.Type().Elem()
	k := elem.Kind()
	if k != reflect.Interface && k != reflect.String && !isScalar(k) {
		return nil, false
	}
	if weigh(rv, maxWeight, maxJSONDepth) < 0 {
		return nil, false // jsonText says so
	}
	if elem == reflect.TypeFor[byte]() {
		b := make([]byte, rv.Len())
		reflect.Copy(reflect.ValueOf(b), rv)
		return b, true
	}
	list := make([]any, rv.Len())
	for i := range list {
		list[i] = rv.Index(i).Interface()
	}
	return list, true
}

// jsonText returns x as JSON, cut, or a string's content if that is what x is in
// JSON. Where x cannot be marshalled the text says why; it never shows fields that
// JSON would hide.
func jsonText(x any) string {
	if weigh(reflect.ValueOf(x), maxWeight, maxJSONDepth) < 0 {
		return fmt.Sprintf("!LARGE: %T", x)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // log text is escaped where it is shown
	if err := enc.Encode(x); err != nil {
		return Cut("!ERROR: "+err.Error(), maxPanicText)
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	var s string
	if text[0] == '"' && json.Unmarshal(text, &s) == nil {
		return Cut(s, maxJSON)
	}
	return Cut(string(text), maxJSON)
}

// groupText is the text of a group where only a scalar fits: inside of a list.
func (w *walk) groupText(attrs []slog.Attr, depth int) string {
	flat, _ := w.flatten(nil, "", attrs, depth-1)
	m := make(map[string]any, len(flat))
	for _, a := range flat {
		m[a.Key] = a.Value.Any()
	}
	return jsonText(m)
}

// contain turns a panic of application code into the value's text (E4). Methods
// called on a nil pointer are so common a cause that they read as nil.
func contain(x any, v *slog.Value) {
	p := recover()
	if p == nil {
		return
	}
	if rv := reflect.ValueOf(x); rv.Kind() == reflect.Pointer && rv.IsNil() {
		*v = slog.StringValue("<nil>")
		return
	}
	*v = slog.StringValue(Cut("!PANIC: "+panicText(p), maxPanicText))
}

// panicText says what a panic was about. An error that panics while it is asked
// is known by its type.
func panicText(p any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T", p)
		}
	}()
	switch p := p.(type) {
	case string:
		return p
	case error:
		return p.Error()
	default:
		return fmt.Sprintf("%T", p) // its fields are nobody's business
	}
}

// ErrorText returns the text of an error, contained (E4).
func ErrorText(err error) string {
	if err == nil {
		return "<nil>"
	}
	var w walk
	return w.foreign(err, 0).String()
}
