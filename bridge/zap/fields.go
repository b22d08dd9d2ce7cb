package ledgerzap

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

const (
	// maxNested bounds objects in objects, and maxVisits what marshalers may add to
	// one record: they are application code and may marshal themselves, twice.
	maxNested = 32
	maxVisits = 1 << 14
	// maxKept bounds the memory that is kept between records.
	maxKept = 256
)

// Context returns a field that is not logged: the record gets its trace, and what the
// request has put into its scope, from ctx. Given to With, it is for all records of
// that logger. A context in zap.Any does the same, but other cores print that one.
func Context(ctx context.Context) zap.Field {
	return zap.Field{Type: zapcore.SkipType, Interface: ctx}
}

// fields collects the attributes of one record, or of one call of With. It is also the
// encoder that is given to object marshalers.
type fields struct {
	attrs  []slog.Attr
	prefix string
	err    error           // the first error
	ctx    context.Context //nolint:containedctx // It lives as long as one record.
	depth  int             // objects that are being marshalled
	left   int             // of maxVisits
}

var pool = sync.Pool{New: func() any { return new(fields) }}

// getFields returns fields that hold those of c.
func getFields(c *core) *fields {
	f, _ := pool.Get().(*fields)
	*f = fields{attrs: append(f.attrs[:0], c.attrs...), prefix: c.prefix, err: c.err, ctx: c.ctx, left: maxVisits}
	return f
}

// put gives f back. Nothing of it may be used any more.
func (f *fields) put() {
	clear(f.attrs)
	kept := f.attrs[:0]
	if cap(kept) > maxKept {
		kept = nil
	}
	*f = fields{attrs: kept}
	pool.Put(f)
}

// add adds a field as zap would write it.
func (f *fields) add(field *zapcore.Field) {
	switch field.Type {
	case zapcore.StringType:
		f.append(field.Key, slog.StringValue(field.String))
	case zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
		f.append(field.Key, slog.Int64Value(field.Integer))
	case zapcore.Uint64Type, zapcore.Uint32Type, zapcore.Uint16Type, zapcore.Uint8Type, zapcore.UintptrType:
		f.append(field.Key, slog.Uint64Value(uint64(field.Integer)))
	case zapcore.BoolType:
		f.append(field.Key, slog.BoolValue(field.Integer == 1))
	case zapcore.DurationType:
		f.append(field.Key, slog.DurationValue(time.Duration(field.Integer)))
	case zapcore.Float64Type:
		f.append(field.Key, slog.Float64Value(math.Float64frombits(uint64(field.Integer))))
	case zapcore.Float32Type:
		f.append(field.Key, float32Value(math.Float32frombits(uint32(field.Integer))))
	case zapcore.NamespaceType:
		f.OpenNamespace(field.Key)
	case zapcore.SkipType:
		f.noteContext(field.Interface)
	case zapcore.TimeType:
		t := time.Unix(0, field.Integer)
		if loc, ok := field.Interface.(*time.Location); ok && loc != nil {
			t = t.In(loc)
		}
		f.append(field.Key, slog.TimeValue(t))
	default:
		f.addInterface(field)
	}
}

// addInterface adds a field whose value is behind an interface.
func (f *fields) addInterface(field *zapcore.Field) {
	f.noteError(field.Interface)
	switch x := field.Interface.(type) {
	case zapcore.ArrayMarshaler:
		if field.Type == zapcore.ArrayMarshalerType {
			f.marshal(field, func() error { return f.AddArray(field.Key, x) })
			return
		}
	case []byte:
		if field.Type == zapcore.ByteStringType {
			f.AddByteString(field.Key, x)
			return
		}
	case complex128:
		f.AddComplex128(field.Key, x)
		return
	case complex64:
		f.AddComplex64(field.Key, x)
		return
	}
	switch m, isObject := field.Interface.(zapcore.ObjectMarshaler); {
	case isObject && field.Type == zapcore.ObjectMarshalerType:
		f.marshal(field, func() error { return f.AddObject(field.Key, m) })
	case isObject && field.Type == zapcore.InlineMarshalerType:
		f.marshal(field, func() error { return m.MarshalLogObject(f) })
	case field.Type == zapcore.StringerType:
		f.addStringer(field)
	case field.Type == zapcore.UnknownType:
		f.AddString(field.Key, "!TYPE: a zap.Field without a type")
	case field.Type == zapcore.ReflectType && f.noteContext(field.Interface):
	default:
		f.append(field.Key, slog.AnyValue(field.Interface))
	}
}

// addStringer adds the text of a value. Contexts come this way, because zap.Any finds
// their String. What hides something from slog, or shows a password, is left to the
// client, which knows better.
func (f *fields) addStringer(field *zapcore.Field) {
	if f.noteContext(field.Interface) {
		return
	}
	switch x := field.Interface.(type) {
	case slog.LogValuer, *url.URL:
		f.append(field.Key, slog.AnyValue(x))
	case fmt.Stringer:
		f.marshal(field, func() error {
			f.AddString(field.Key, x.String())
			return nil
		})
	default: // nil, or no Stringer at all
		f.append(field.Key, slog.AnyValue(x))
	}
}

// noteContext reports whether x is a context, which it remembers.
func (f *fields) noteContext(x any) bool {
	ctx, ok := x.(context.Context)
	if ok {
		f.ctx = ctx
	}
	return ok
}

// noteError remembers the first error.
func (f *fields) noteError(x any) {
	if f.err == nil {
		f.err, _ = x.(error)
	}
}

// marshal runs a method of the application. An error of it is shown beside its key, as
// zap does; a panic becomes text, with what was marshalled before it.
func (f *fields) marshal(field *zapcore.Field, run func() error) {
	prefix, depth := f.prefix, f.depth
	defer func() {
		if p := recover(); p != nil {
			f.prefix, f.depth = prefix, depth
			f.append(field.Key, panicValue(field.Interface, p))
		}
	}()
	if err := run(); err != nil {
		f.append(field.Key+"Error", slog.StringValue(otlp.ErrorText(err)))
	}
}

// append adds an attribute under the open namespaces.
func (f *fields) append(key string, v slog.Value) {
	if f.left > 0 {
		f.left--
		f.attrs = append(f.attrs, slog.Attr{Key: otlp.Join(f.prefix, key), Value: v})
	}
}

// frozen returns attributes that share no memory with the caller and run no code of
// the application when they are encoded.
func frozen(attrs []slog.Attr) []slog.Attr {
	flat, _ := otlp.Flatten(make([]slog.Attr, 0, len(attrs)), "", attrs)
	for i := range flat {
		flat[i].Value = otlp.Detached(flat[i].Value)
	}
	return flat
}

// float32Value gives the number that was written: 0.1, not 0.10000000149011612.
func float32Value(x float32) slog.Value {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	return slog.Float64Value(f)
}
