package ledgerzap

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
)

type user struct {
	ID   int
	Name string
}

func (u user) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddInt("id", u.ID)
	enc.AddString("name", u.Name)
	return nil
}

type users []user

func (us users) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, u := range us {
		if err := enc.AppendObject(u); err != nil {
			return err
		}
	}
	return nil
}

func TestEveryKindOfField(t *testing.T) {
	var (
		noString *string
		noUser   *user
		five     = 5
		noon     = time.Date(2026, 1, 2, 12, 0, 0, 5, time.FixedZone("", 3600))
		long     = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC) // beyond nanoseconds in 64 bits
	)
	for name, c := range map[string]struct {
		field zap.Field
		want  map[string]any
	}{
		"string":              {zap.String("k", "v"), map[string]any{"k": "v"}},
		"int":                 {zap.Int("k", -3), map[string]any{"k": int64(-3)}},
		"int64":               {zap.Int64("k", math.MinInt64), map[string]any{"k": int64(math.MinInt64)}},
		"int8":                {zap.Int8("k", -8), map[string]any{"k": int64(-8)}},
		"uint64":              {zap.Uint64("k", math.MaxUint64), map[string]any{"k": uint64(math.MaxUint64)}},
		"uintptr":             {zap.Uintptr("k", 7), map[string]any{"k": uint64(7)}},
		"bool":                {zap.Bool("k", true), map[string]any{"k": true}},
		"bool, false":         {zap.Bool("k", false), map[string]any{"k": false}},
		"float64":             {zap.Float64("k", 0.1), map[string]any{"k": 0.1}},
		"float32":             {zap.Float32("k", 0.1), map[string]any{"k": 0.1}},
		"duration":            {zap.Duration("k", time.Second), map[string]any{"k": time.Second}},
		"time":                {zap.Time("k", noon), map[string]any{"k": noon}},
		"time, full":          {zap.Time("k", long), map[string]any{"k": long}},
		"complex128":          {zap.Complex128("k", 1+2i), map[string]any{"k": "(1+2i)"}},
		"complex64":           {zap.Complex64("k", 0.5i), map[string]any{"k": "(0+0.5i)"}},
		"binary":              {zap.Binary("k", []byte{0xff, 1}), map[string]any{"k": []byte{0xff, 1}}},
		"bytes that are text": {zap.ByteString("k", []byte("text")), map[string]any{"k": "text"}},
		"stringer":            {zap.Stringer("k", net.IPv4(10, 0, 0, 1)), map[string]any{"k": "10.0.0.1"}},
		"strings":             {zap.Strings("k", []string{"a", "b"}), map[string]any{"k": []any{"a", "b"}}},
		"ints":                {zap.Ints("k", []int{1, 2}), map[string]any{"k": []any{int64(1), int64(2)}}},
		"float32s":            {zap.Float32s("k", []float32{0.1}), map[string]any{"k": []any{0.1}}},
		"complex128s":         {zap.Complex128s("k", []complex128{1i}), map[string]any{"k": []any{"(0+1i)"}}},
		"durations":           {zap.Durations("k", []time.Duration{5}), map[string]any{"k": []any{int64(5)}}},
		"errors":              {zap.Errors("k", []error{errors.New("a"), nil}), map[string]any{"k": []any{`{"error":"a"}`}}},
		"object":              {zap.Object("k", user{1, "a"}), map[string]any{"k.id": int64(1), "k.name": "a"}},
		"object inline":       {zap.Inline(user{1, "a"}), map[string]any{"id": int64(1), "name": "a"}},
		"array of objects":    {zap.Array("k", users{{1, "a"}, {2, "b"}}), map[string]any{"k": []any{`{"id":1,"name":"a"}`, `{"id":2,"name":"b"}`}}},
		"dictionary":          {zap.Dict("k", zap.Int("a", 1), zap.Dict("b", zap.Int("c", 2))), map[string]any{"k.a": int64(1), "k.b.c": int64(2)}},
		"nothing":             {zap.Skip(), map[string]any{}},
		"no error":            {zap.Error(nil), map[string]any{}},
		"any struct":          {zap.Any("k", struct{ A int }{1}), map[string]any{"k": `{"A":1}`}},
		"any map":             {zap.Any("k", map[string]int{"a": 1}), map[string]any{"k": `{"a":1}`}},
		"any pointer":         {zap.Any("k", &five), map[string]any{"k": int64(5)}},
		"any nil":             {zap.Any("k", nil), map[string]any{"k": "<nil>"}},
		"nil pointer":         {zap.Stringp("k", noString), map[string]any{"k": "<nil>"}},
		"nil object":          {zap.Object("k", noUser), map[string]any{"k": "<nil>"}},
		"nil stringer":        {zap.Stringer("k", (*url.URL)(nil)), map[string]any{"k": "<nil>"}},
		"nil error":           {zap.NamedError("k", (*net.OpError)(nil)), map[string]any{"k": "<nil>"}},
		"a field of no type":  {zap.Field{Key: "k"}, map[string]any{"k": "!TYPE: a zap.Field without a type"}},
		"a mistyped field":    {zap.Field{Key: "k", Type: zapcore.ErrorType}, map[string]any{"k": "<nil>"}},
		"no stringer":         {zap.Stringer("k", nil), map[string]any{"k": "<nil>"}},
		"hidden stringer":     {zap.Stringer("k", secret("hunter2")), map[string]any{"k": "***"}},
		"hidden any":          {zap.Any("k", secret("hunter2")), map[string]any{"k": "***"}},
		"password in a URL":   {zap.Any("k", &url.URL{Scheme: "http", User: url.UserPassword("u", "hunter2"), Host: "h"}), map[string]any{"k": "http://u:xxxxx@h"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := logged(t, c.field)
			for k, v := range c.want {
				if want, ok := v.(time.Time); ok {
					require.IsType(t, want, got[k])
					assert.True(t, want.Equal(got[k].(time.Time)), got[k])
					return
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

type marshalFunc func(zapcore.ObjectEncoder) error

func (f marshalFunc) MarshalLogObject(enc zapcore.ObjectEncoder) error { return f(enc) }

type listFunc func(zapcore.ArrayEncoder) error

func (f listFunc) MarshalLogArray(enc zapcore.ArrayEncoder) error { return f(enc) }

type panicking struct{}

func (panicking) String() string { panic("on purpose") }
func (panicking) Error() string  { panic(errors.New("on purpose")) }

func TestMarshalersThatFailAreContained(t *testing.T) {
	after := func(enc zapcore.ObjectEncoder) error {
		enc.AddInt("a", 1)
		return enc.AddObject("deeper", marshalFunc(func(zapcore.ObjectEncoder) error { panic("on purpose") }))
	}
	for name, c := range map[string]struct {
		field zap.Field
		want  map[string]any
	}{
		"object panics":   {zap.Object("k", marshalFunc(after)), map[string]any{"k.a": int64(1), "k": "!PANIC: on purpose"}},
		"inline panics":   {zap.Inline(marshalFunc(after)), map[string]any{"a": int64(1), "": "!PANIC: on purpose"}},
		"array panics":    {zap.Array("k", listFunc(func(zapcore.ArrayEncoder) error { panic(7) })), map[string]any{"k": "!PANIC: int"}},
		"stringer panics": {zap.Stringer("k", panicking{}), map[string]any{"k": "!PANIC: on purpose"}},
		"error panics":    {zap.NamedError("k", panicking{}), map[string]any{"k": "!PANIC: on purpose"}},
		"object fails": {zap.Object("k", marshalFunc(func(enc zapcore.ObjectEncoder) error {
			enc.AddInt("a", 1)
			return errors.New("no")
		})), map[string]any{"k.a": int64(1), "kError": "no"}},
		"array fails": {zap.Array("k", listFunc(func(enc zapcore.ArrayEncoder) error {
			enc.AppendInt(1)
			return errors.New("no")
		})), map[string]any{"k": []any{int64(1)}, "kError": "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := logged(t, c.field, zap.Int("next", 1))
			c.want["next"] = int64(1) // not under what was open when it panicked
			assert.Equal(t, c.want, got)
		})
	}
}

// Each would run for years, or overflow the stack, if only depth were bounded.
func TestMarshalersWithoutEndStop(t *testing.T) {
	var object marshalFunc
	object = func(enc zapcore.ObjectEncoder) error {
		return errors.Join(enc.AddObject("a", object), enc.AddObject("b", object))
	}
	var array listFunc
	array = func(enc zapcore.ArrayEncoder) error {
		return errors.Join(enc.AppendArray(array), enc.AppendArray(array))
	}
	var both listFunc
	calls := 0
	both = func(enc zapcore.ArrayEncoder) error {
		calls++
		in := marshalFunc(func(enc zapcore.ObjectEncoder) error { return enc.AddArray("a", both) })
		return errors.Join(enc.AppendObject(in), enc.AppendObject(in))
	}
	log, c := testLogger()
	for _, f := range []zap.Field{zap.Object("k", object), zap.Array("k", array), zap.Array("k", both)} {
		log.Info("m", f)
	}
	assert.Len(t, c.Calls(), 3)
	assert.LessOrEqual(t, calls, maxVisits, "objects in lists share the bound of their record")
}

func TestFieldsThatAreGivenBackHoldNothing(t *testing.T) {
	f := getFields(newCore(&recorded.Fake{}, nil))
	f.AddString("k", "v")
	attrs := f.attrs
	f.put()
	assert.Equal(t, []slog.Attr{{}}, attrs, "the pool would keep it alive")
}

func TestNamespaces(t *testing.T) {
	log, c := testLogger()
	log.With(zap.Int("a", 1), zap.Namespace("n"), zap.Int("b", 2)).
		With(zap.Object("u", user{1, "x"}), zap.Namespace("m")).
		Info("hello", zap.Int("c", 3), zap.Namespace("o"), zap.Int("d", 4))
	assert.Equal(t, map[string]any{
		"a": int64(1), "n.b": int64(2), "n.u.id": int64(1), "n.u.name": "x", "n.m.c": int64(3), "n.m.o.d": int64(4),
	}, c.Last(t).Values)

	nested := marshalFunc(func(enc zapcore.ObjectEncoder) error {
		enc.OpenNamespace("n")
		enc.AddInt("a", 1)
		return nil
	})
	assert.Equal(t, map[string]any{"k.n.a": int64(1), "b": int64(2)}, logged(t, zap.Object("k", nested), zap.Int("b", 2)),
		"a namespace ends with its object")
	assert.Equal(t, map[string]any{"n.a": int64(1), "n.b": int64(2)}, logged(t, zap.Inline(nested), zap.Int("b", 2)),
		"inline there is no object to end it")
}

// zap's own encoder is the oracle for keys and scalars.
func TestFieldsReadAsInZapsOwnJSON(t *testing.T) {
	fields := []zap.Field{
		zap.String("s", "x"), zap.Int("i", -1), zap.Uint64("u", math.MaxUint64), zap.Bool("b", true), zap.Float64("f", 1.5),
		zap.Float32("f32", 0.1), zap.Duration("d", 1500), zap.ByteString("bs", []byte("x")), zap.Stringer("ip", net.IPv4zero),
		zap.Error(errors.New("e")), zap.Any("any", []string{"a", "b"}), zap.Dict("dict", zap.Int("a", 1)), zap.Inline(user{7, "in"}),
		zap.Object("o", user{1, "a"}), zap.Namespace("ns"), zap.String("s", "y"), zap.Object("o", user{2, "b"}), zap.Namespace("in"), zap.Int("i", 2),
	}
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{EncodeDuration: zapcore.NanosDurationEncoder})
	for split := range len(fields) + 1 {
		buf, err := enc.EncodeEntry(zapcore.Entry{}, fields)
		require.NoError(t, err)
		var nested map[string]any
		require.NoError(t, json.Unmarshal(buf.Bytes(), &nested))
		want := map[string]string{}
		flatten(want, "", nested)

		log, c := testLogger()
		log.With(fields[:split]...).Info("", fields[split:]...)
		got := map[string]string{}
		for k, v := range c.Last(t).Values {
			if d, ok := v.(time.Duration); ok {
				v = int64(d)
			}
			text, err := json.Marshal(v)
			require.NoError(t, err)
			var back any
			require.NoError(t, json.Unmarshal(text, &back))
			got[k] = fmt.Sprint(back)
		}
		assert.Equal(t, want, got, "With gets the first %d", split)
	}
}

func flatten(into map[string]string, prefix string, m map[string]any) {
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok {
			flatten(into, prefix+k+".", inner)
			continue
		}
		into[prefix+k] = fmt.Sprint(v)
	}
}
