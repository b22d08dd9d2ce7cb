package otlp

import (
	"log/slog"
	"net/url"
	"slices"
	"time"
)

const (
	// maxDepth bounds groups in groups, values in values, and LogValue calls that
	// return another LogValuer (E4).
	maxDepth = 32
	// maxVisits bounds the attributes, groups and list elements looked at for one
	// record. Depth alone does not: a LogValuer that returns itself twice would
	// run for 2^32 steps.
	maxVisits = 1 << 14
)

// walk is one pass over the values of a record.
type walk struct{ left int } // visits that are left of maxVisits

func (w *walk) spend() bool {
	if w.left == 0 {
		return false
	}
	w.left--
	return true
}

// Plain returns v in a form that can be encoded without running any code of the
// application: a kind of slog's own other than Group and LogValuer, or one of
// []byte, []string, []int, []int64, []float64, []bool, and []any of such values
// behind KindAny. Slices other than []any are not copied.
//
// Named types become what they are named for, pointers what they point to, errors
// and texts their text, and structs, maps and all else JSON text of bounded length.
func Plain(v slog.Value) slog.Value {
	w := walk{left: maxVisits}
	return w.plain(v, maxDepth)
}

// Resolve calls LogValue until the value is not a LogValuer any more. Unlike
// slog.Value.Resolve it leaves one line of text for a panic, not a stack.
func Resolve(v slog.Value) slog.Value {
	for range maxDepth {
		if v.Kind() != slog.KindLogValuer {
			return v
		}
		v = logValue(v.LogValuer())
	}
	if v.Kind() == slog.KindLogValuer {
		return slog.StringValue("!LOOP: LogValue returns another LogValuer without end")
	}
	return v
}

func logValue(l slog.LogValuer) (v slog.Value) {
	defer contain(l, &v)
	return l.LogValue()
}

func (w *walk) plain(v slog.Value, depth int) slog.Value {
	v = Resolve(v)
	switch v.Kind() {
	case slog.KindAny:
		return w.any(v.Any(), depth)
	case slog.KindGroup:
		return slog.StringValue(w.groupText(v.Group(), depth))
	default:
		return v
	}
}

func (w *walk) any(x any, depth int) slog.Value {
	switch x := x.(type) {
	case nil:
		return slog.StringValue("<nil>")
	case []byte, []string, []int, []int64, []float64, []bool:
		return slog.AnyValue(x)
	case []any:
		return w.list(x, depth)
	case *url.URL:
		if x != nil {
			return slog.StringValue(x.Redacted()) // its String shows the password
		}
	}
	return w.foreign(x, depth)
}

func (w *walk) list(list []any, depth int) slog.Value {
	if depth <= 0 {
		return slog.StringValue("!DEEP: list in list without end")
	}
	out := make([]any, 0, min(len(list), w.left))
	for _, x := range list {
		if !w.spend() {
			return slog.AnyValue(append(out, Mark))
		}
		out = append(out, w.element(x, depth-1))
	}
	return slog.AnyValue(out)
}

// element returns one of the types that appendAny takes.
func (w *walk) element(x any, depth int) any {
	v := w.plain(slog.AnyValue(x), depth)
	switch v.Kind() {
	case slog.KindDuration:
		return int64(v.Duration())
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	default:
		return v.Any()
	}
}

// Detached copies the slices of a value that Plain or Flatten returned and that may
// still share memory with the caller. Lists of other types Plain has made itself.
func Detached(v slog.Value) slog.Value {
	if v.Kind() != slog.KindAny {
		return v
	}
	switch x := v.Any().(type) {
	case []byte:
		return slog.AnyValue(slices.Clone(x))
	case []string:
		return slog.AnyValue(slices.Clone(x))
	case []int:
		return slog.AnyValue(slices.Clone(x))
	case []int64:
		return slog.AnyValue(slices.Clone(x))
	case []float64:
		return slog.AnyValue(slices.Clone(x))
	case []bool:
		return slog.AnyValue(slices.Clone(x))
	}
	return v
}
