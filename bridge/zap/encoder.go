package ledgerzap

import (
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// deep stands for what is nested too deeply.
const deep = "!DEEP: nested without end"

var _ zapcore.ObjectEncoder = (*fields)(nil)

// AddObject adds what m adds, under key.
func (f *fields) AddObject(key string, m zapcore.ObjectMarshaler) error {
	if f.depth >= maxNested {
		f.AddString(key, deep)
		return nil
	}
	if f.left == 0 {
		return nil
	}
	f.left-- // also of an object without fields
	prefix := f.prefix
	f.prefix = otlp.Join(prefix, key)
	f.depth++
	err := m.MarshalLogObject(f)
	f.depth--
	f.prefix = prefix
	return err
}

// AddArray adds a list.
func (f *fields) AddArray(key string, m zapcore.ArrayMarshaler) error {
	l := list{fields: f}
	err := l.marshal(m)
	f.append(key, slog.AnyValue(l.values))
	return err
}

// AddReflected adds any value.
func (f *fields) AddReflected(key string, x any) error {
	f.append(key, slog.AnyValue(x))
	return nil
}

// OpenNamespace puts what follows under key.
func (f *fields) OpenNamespace(key string) { f.prefix = otlp.Join(f.prefix, key) }

// The methods for scalars say what they add.

func (f *fields) AddBinary(key string, b []byte) { f.append(key, slog.AnyValue(b)) }

func (f *fields) AddByteString(key string, b []byte)     { f.append(key, slog.StringValue(string(b))) }
func (f *fields) AddBool(key string, b bool)             { f.append(key, slog.BoolValue(b)) }
func (f *fields) AddComplex128(key string, c complex128) { f.append(key, complexValue(c, 128)) }
func (f *fields) AddComplex64(key string, c complex64) {
	f.append(key, complexValue(complex128(c), 64))
}
func (f *fields) AddDuration(key string, d time.Duration) { f.append(key, slog.DurationValue(d)) }
func (f *fields) AddFloat64(key string, x float64)        { f.append(key, slog.Float64Value(x)) }
func (f *fields) AddFloat32(key string, x float32)        { f.append(key, float32Value(x)) }
func (f *fields) AddInt(key string, i int)                { f.append(key, slog.IntValue(i)) }
func (f *fields) AddInt64(key string, i int64)            { f.append(key, slog.Int64Value(i)) }
func (f *fields) AddInt32(key string, i int32)            { f.append(key, slog.Int64Value(int64(i))) }

func (f *fields) AddInt16(key string, i int16) { f.append(key, slog.Int64Value(int64(i))) }

func (f *fields) AddInt8(key string, i int8)      { f.append(key, slog.Int64Value(int64(i))) }
func (f *fields) AddString(key, s string)         { f.append(key, slog.StringValue(s)) }
func (f *fields) AddTime(key string, t time.Time) { f.append(key, slog.TimeValue(t)) }
func (f *fields) AddUint(key string, u uint)      { f.append(key, slog.Uint64Value(uint64(u))) }
func (f *fields) AddUint64(key string, u uint64)  { f.append(key, slog.Uint64Value(u)) }
func (f *fields) AddUint32(key string, u uint32)  { f.append(key, slog.Uint64Value(uint64(u))) }

func (f *fields) AddUint16(key string, u uint16) { f.append(key, slog.Uint64Value(uint64(u))) }

func (f *fields) AddUint8(key string, u uint8) { f.append(key, slog.Uint64Value(uint64(u))) }

func (f *fields) AddUintptr(key string, u uintptr) { f.append(key, slog.Uint64Value(uint64(u))) }

// list is a list that is being marshalled.
type list struct {
	fields *fields // whose bounds it shares
	values []any
}

var _ zapcore.ArrayEncoder = (*list)(nil)

// marshal lets m append its elements.
func (l *list) marshal(m zapcore.ArrayMarshaler) error {
	f := l.fields
	if f.depth >= maxNested {
		l.append(deep)
		return nil
	}
	if f.left == 0 {
		return nil
	}
	f.left-- // also of an empty list
	f.depth++
	err := m.MarshalLogArray(l)
	f.depth--
	return err
}

// AppendObject appends an object; in a list it is one value, which is sent as JSON.
func (l *list) AppendObject(m zapcore.ObjectMarshaler) error {
	f := l.fields
	sub := fields{depth: f.depth, left: f.left, ctx: f.ctx}
	err := sub.AddObject("", m)
	f.left = sub.left
	l.append(slog.GroupValue(sub.attrs...))
	return err
}

// AppendArray appends a list.
func (l *list) AppendArray(m zapcore.ArrayMarshaler) error {
	sub := list{fields: l.fields}
	err := sub.marshal(m)
	l.append(sub.values)
	return err
}

// AppendReflected appends any value.
func (l *list) AppendReflected(x any) error {
	l.append(x)
	return nil
}

func (l *list) append(x any) {
	if l.fields.left > 0 {
		l.fields.left--
		l.values = append(l.values, x)
	}
}

// The methods for scalars say what they append.

func (l *list) AppendBool(b bool)              { l.append(b) }
func (l *list) AppendByteString(b []byte)      { l.append(string(b)) }
func (l *list) AppendComplex128(c complex128)  { l.append(complexValue(c, 128)) }
func (l *list) AppendComplex64(c complex64)    { l.append(complexValue(complex128(c), 64)) }
func (l *list) AppendFloat64(x float64)        { l.append(x) }
func (l *list) AppendFloat32(x float32)        { l.append(float32Value(x)) }
func (l *list) AppendInt(i int)                { l.append(i) }
func (l *list) AppendInt64(i int64)            { l.append(i) }
func (l *list) AppendInt32(i int32)            { l.append(i) }
func (l *list) AppendInt16(i int16)            { l.append(i) }
func (l *list) AppendInt8(i int8)              { l.append(i) }
func (l *list) AppendString(s string)          { l.append(s) }
func (l *list) AppendUint(u uint)              { l.append(u) }
func (l *list) AppendUint64(u uint64)          { l.append(u) }
func (l *list) AppendUint32(u uint32)          { l.append(u) }
func (l *list) AppendUint16(u uint16)          { l.append(u) }
func (l *list) AppendUint8(u uint8)            { l.append(u) }
func (l *list) AppendUintptr(u uintptr)        { l.append(u) }
func (l *list) AppendDuration(d time.Duration) { l.append(d) }
func (l *list) AppendTime(t time.Time)         { l.append(t) }

func complexValue(c complex128, bits int) slog.Value {
	return slog.StringValue(strconv.FormatComplex(c, 'g', -1, bits))
}

// panicValue says what a panic of x was. Methods called on a nil pointer are so common
// a cause that they read as nil. What is neither text nor an error is known by its
// type: its fields are nobody's business.
func panicValue(x, p any) slog.Value {
	const longest = 256
	if rv := reflect.ValueOf(x); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return slog.StringValue("<nil>")
	}
	var text string
	switch p := p.(type) {
	case string:
		text = p
	case error:
		text = otlp.ErrorText(p)
	default:
		text = fmt.Sprintf("%T", p)
	}
	return slog.StringValue(otlp.Cut("!PANIC: "+text, longest))
}
