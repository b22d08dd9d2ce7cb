package ledger

import (
	"log/slog"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// fieldsOf returns the attributes that a line becomes, without those that every
// record has.
func fieldsOf(t *testing.T, line string) (map[string]any, Record, otlp.DecodedRecord) {
	t.Helper()
	w, got := testWriter(nil)
	write(t, w, line+"\n")
	require.Len(t, got.records, 1)
	rec := got.last(t)
	attrs := map[string]any{}
	for _, a := range rec.Attrs {
		require.NotContains(t, attrs, a.Key)
		attrs[a.Key] = a.Value.Any()
	}
	return attrs, got.records[0], rec
}

// Lines as the libraries write them; that they still do is shown in
// internal/itest/loggers.
func TestLinesOfTheLibraries(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	place := map[string]any{"code.file.path": "/srv/shop/cart.go", "code.line.number": int64(12)}
	with := func(more, base map[string]any) map[string]any {
		maps.Copy(more, base)
		return more
	}
	for name, c := range map[string]struct {
		line  string
		level slog.Level
		time  time.Time
		want  map[string]any
	}{
		"zerolog": {
			`{"level":"warn","item":7,"time":"2026-01-02T03:04:05Z","caller":"/srv/shop/cart.go:12","message":"sold out"}`,
			slog.LevelWarn, at, with(map[string]any{"item": int64(7)}, place),
		},
		"zerolog, Unix time": {`{"level":"trace","time":1767323045,"message":"sold out"}`, -8, at, map[string]any{}},
		"zap": {
			`{"level":"info","ts":1767323045.123456,"logger":"shop.cart","caller":"shop/cart.go:12","func":"shop.Pay","msg":"sold out"}`,
			slog.LevelInfo, at.Add(123456 * time.Microsecond),
			map[string]any{"logger.name": "shop.cart", "code.file.path": "shop/cart.go", "code.line.number": int64(12), "code.function.name": "shop.Pay"},
		},
		"zap, development": {
			`{"L":"` + "\x1b[34mINFO\x1b[0m" + `","T":"2026-01-02T04:04:05.000+0100","N":"n","C":"a/b.go:1","M":"sold out"}`,
			slog.LevelInfo, at,
			map[string]any{"logger.name": "n", "code.file.path": "a/b.go", "code.line.number": int64(1)},
		},
		"slog": {
			`{"time":"2026-01-02T03:04:05.000000006Z","level":"WARN+2","source":{"function":"shop.Pay","file":"/srv/shop/cart.go","line":12},"msg":"sold out","g":{"a":1}}`,
			slog.LevelWarn + 2, at.Add(6), with(map[string]any{"code.function.name": "shop.Pay", "g.a": int64(1)}, place),
		},
		"logrus": {
			`{"file":"/srv/shop/cart.go:12","func":"shop.Pay","level":"warning","msg":"sold out","time":"2026-01-02T03:04:05Z"}`,
			slog.LevelWarn, at, with(map[string]any{"code.function.name": "shop.Pay"}, place),
		},
		"Google Cloud": {`{"severity":"NOTICE","message":"sold out","timestamp":"2026-01-02T03:04:05Z"}`, slog.LevelInfo + 2, at, map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			line := strings.ReplaceAll(c.line, "\x1b", `\u001b`)
			attrs, r, rec := fieldsOf(t, line)
			assert.Equal(t, "sold out", rec.Body)
			assert.Equal(t, c.level, r.Level)
			assert.True(t, c.time.Equal(r.Time), r.Time)
			assert.Equal(t, TypeLogger, r.Type)
			assert.Equal(t, c.want, attrs)
		})
	}
}

func TestValuesOfAJSONLine(t *testing.T) {
	attrs, _, rec := fieldsOf(t, `{"null":null,"yes":true,"text":"ü\n","empty":"","int":-9223372036854775808,"uint":18446744073709551615,`+
		`"big":123456789012345678901234567890,"float":0.1,"exp":1e3,"huge":1e999,"minus":-0,`+
		`"list":[1,"a",null,true,2.5,9007199254740993,[2],{"b":9007199254740993,"a":[1]}],"none":[],`+
		`"o":{"a":1,"b":{"c":"x","d":{}},"":2},"dup":1,"dup":"last","nul":"a\u0000b"}`)
	assert.Equal(t, map[string]any{
		"null": "<nil>", "yes": true, "text": "ü\n", "empty": "", "int": int64(math.MinInt64), "uint": "18446744073709551615",
		"big": "123456789012345678901234567890", "float": 0.1, "exp": 1000.0, "huge": "1e999", "minus": int64(0),
		"list": []any{int64(1), "a", "<nil>", true, 2.5, int64(9007199254740993), []any{int64(2)}, `{"a":[1],"b":9007199254740993}`},
		"none": []any{}, "o.a": int64(1), "o.b.c": "x", "o": int64(2), "dup": "last", "nul": "ab",
	}, attrs)
	assert.Empty(t, rec.Body)
}

func TestIntegersKeepTheirKind(t *testing.T) {
	for text, want := range map[string]slog.Value{
		"9223372036854775807": slog.Int64Value(math.MaxInt64), "9223372036854775808": slog.Uint64Value(1 << 63),
		"18446744073709551616": slog.StringValue("18446744073709551616"), "1.0": slog.Float64Value(1), "-9223372036854775809": slog.StringValue("-9223372036854775809"),
	} {
		assert.Equal(t, want, numberValue(text), text)
	}
}

func TestWhatDoesNotReadAsItsKeyPromisesIsAnAttribute(t *testing.T) {
	for _, c := range []struct {
		line string
		want map[string]any
	}{
		{`{"time":35}`, map[string]any{"time": int64(35)}},
		{`{"time":"noon"}`, map[string]any{"time": "noon"}},
		{`{"time":true}`, map[string]any{"time": true}},
		{`{"level":7}`, map[string]any{"level": int64(7)}},
		{`{"level":"high"}`, map[string]any{"level": "high"}},
		{`{"level":""}`, map[string]any{"level": ""}},
		{`{"message":{"a":1}}`, map[string]any{"message.a": int64(1)}},
		{`{"msg":5}`, map[string]any{"msg": int64(5)}},
		{`{"error":{"code":7}}`, map[string]any{"error.code": int64(7)}},
		{`{"error":""}`, map[string]any{"error": ""}},
		{`{"stack":"LAMP"}`, map[string]any{"stack": "LAMP"}},
		{`{"stack":["a"]}`, map[string]any{"stack": []any{"a"}}},
		{`{"stack":[]}`, map[string]any{"stack": []any{}}},
		{`{"file":"report.csv:12","func":"sum"}`, map[string]any{"file": "report.csv:12", "func": "sum"}},
		{`{"file":"cart.go"}`, map[string]any{"file": "cart.go"}},
		{`{"caller":"+49 30:12"}`, map[string]any{"caller": "+49 30:12"}},
		{`{"caller":"a.go:x"}`, map[string]any{"caller": "a.go:x"}},
		{`{"source":{"file":"a.go","line":1,"b":2}}`, map[string]any{"source.file": "a.go", "source.line": int64(1), "source.b": int64(2)}},
		{`{"source":{"file":"a.go"}}`, map[string]any{"source.file": "a.go"}},
		{`{"logger":5}`, map[string]any{"logger": int64(5)}},
		{`{"trace_id":"abc","span_id":"def"}`, map[string]any{"trace_id": "abc", "span_id": "def"}},
		{`{"trace_id":"0af7651916cd43dd8448eb211c80319c"}`, map[string]any{"trace_id": "0af7651916cd43dd8448eb211c80319c"}},
	} {
		attrs, r, rec := fieldsOf(t, c.line)
		assert.Equal(t, c.want, attrs, c.line)
		assert.True(t, r.Time.IsZero(), c.line)
		assert.Equal(t, slog.LevelInfo, r.Level, c.line)
		assert.Empty(t, rec.Body, c.line)
		assert.NoError(t, r.Err, c.line)
	}
}

func TestTheFirstKeyOfAListCounts(t *testing.T) {
	attrs, r, _ := fieldsOf(t, `{"msg":"b","message":"a","ts":"noon","time":"1","severity":"INFO","level":"warn"}`)
	assert.Equal(t, "a", r.Message)
	assert.Equal(t, slog.LevelWarn, r.Level)
	assert.Equal(t, map[string]any{"msg": "b", "severity": "INFO", "time": "1", "ts": "noon"}, attrs)
	_, r, _ = fieldsOf(t, `{"time":"1","ts":1767323045}`)
	assert.Equal(t, int64(1767323045), r.Time.Unix(), "the first that can be read")
	_, r, _ = fieldsOf(t, `{"message":"a","message":"b"}`)
	assert.Equal(t, "b", r.Message, "the last of equal keys")
}

func TestKeysAreChosen(t *testing.T) {
	times := []string{"at"}
	w, got := testWriter(&WriterOptions{Keys: WriterKeys{
		Time: times, Level: []string{"prio"}, Message: []string{"text"}, Error: []string{"cause"}, Stack: []string{}, Caller: []string{}, TraceID: []string{"t"}, SpanID: []string{"s"},
	}})
	times[0] = "changed"
	write(t, w, `{"at":1767323045,"prio":"error","text":"x","cause":"y","caller":"a.go:1","stack":"f\n\ta.go:1","msg":"m","t":"0af7651916cd43dd8448eb211c80319c","s":"b7ad6b7169203331"}`+"\n")
	r := got.records[0]
	assert.Equal(t, int64(1767323045), r.Time.Unix())
	assert.Equal(t, slog.LevelError, r.Level)
	assert.Equal(t, "x", r.Message)
	assert.EqualError(t, r.Err, "y")
	assert.Equal(t, TypeException, r.Type)
	assert.NotEqual(t, [16]byte{}, got.decoded[0].TraceID)
	for key, want := range map[string]any{"caller": "a.go:1", "stack": "f\n\ta.go:1", "msg": "m", "cause": "y", "exception.message": "y"} {
		assert.Equal(t, want, attr(got.decoded[0], key), key)
	}
}

func TestErrorsOfJSONLines(t *testing.T) {
	const zapStack = `main.pay\n\t/srv/shop/cart.go:12\nmain.main\n\t/srv/shop/main.go:3`
	for name, c := range map[string]struct {
		line, kind string
		stack      any
	}{
		"nothing known":         {`{"level":"error","error":"no"}`, "exception", nil},
		"err":                   {`{"level":"error","err":"no"}`, "exception", nil},
		"below Error":           {`{"level":"warn","error":"no","caller":"a/cart.go:12"}`, "logger", nil},
		"no error":              {`{"level":"error","caller":"a/cart.go:12"}`, "logger", nil},
		"place":                 {`{"level":"error","error":"no","caller":"a/cart.go:12"}`, "exception", "at cart.go(cart.go:12)"},
		"place with a function": {`{"level":"error","error":"no","caller":"a/cart.go:12","function":"shop.Pay"}`, "exception", "at shop.Pay(cart.go:12)"},
		"own function":          {`{"level":"error","error":"no","file":"ledger.go:1","func":"github.com/ledger-sdk/ledger-go/ledger.F"}`, "exception", "at github.com/ledger-sdk/ledger-go/ledger.F(ledger.go:1)"},
		"zap":                   {`{"level":"error","error":"no","caller":"a.go:1","stacktrace":"` + zapStack + `"}`, "exception", "at main.pay(cart.go:12)\nat main.main(main.go:3)"},
		"zap without an error":  {`{"level":"error","stacktrace":"` + zapStack + `"}`, "logger", "at main.pay(cart.go:12)\nat main.main(main.go:3)"},
		"zap, the error's own":  {`{"level":"error","error":"no","errorVerbose":"no\nmain.deep\n\t/srv/deep.go:1\nruntime.goexit\n\t/go/asm.s:1","stacktrace":"` + zapStack + `"}`, "exception", "at main.deep(deep.go:1)"},
		"zerolog":               {`{"level":"error","error":"no","stack":[{"func":"pay","line":"12","source":"cart.go"},{"func":"main","line":"3","source":"main.go"}]}`, "exception", "at pay(cart.go:12)\nat main(main.go:3)"},
		"debug.Stack":           {`{"level":"fatal","error":"no","stack":"goroutine 1 [running]:\nmain.pay()\n\t/srv/cart.go:12 +0x1d\n"}`, "exception", "at main.pay(cart.go:12)"},
		"Java's":                {`{"level":"error","error":"no","stack":"at a.b(c.java:1)\nat d.e(f.java:2)"}`, "exception", "at a.b(c.java:1)\nat d.e(f.java:2)"},
	} {
		t.Run(name, func(t *testing.T) {
			w, got := testWriter(nil)
			write(t, w, c.line+"\n")
			rec := got.decoded[0]
			assert.Equal(t, c.kind, attr(rec, "ledger.log_type"))
			assert.Equal(t, c.stack, attr(rec, "exception.stacktrace"))
			if got.records[0].Err != nil {
				assert.Equal(t, "error", attr(rec, "exception.type"))
				assert.Equal(t, "no", attr(rec, "exception.message"))
			}
			assert.Nil(t, attr(rec, "stacktrace"))
			assert.Nil(t, attr(rec, "stack"))
		})
	}
}

func TestTheTraceOfAJSONLine(t *testing.T) {
	const ids = `"trace_id":"0AF7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"`
	want := [16]byte{0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c}
	for line, flags := range map[string]uint32{`{` + ids + `}`: 0, `{` + ids + `,"trace_flags":"01"}`: 1, `{` + ids + `,"trace_flags":"yes"}`: 0} {
		attrs, _, rec := fieldsOf(t, line)
		assert.Empty(t, attrs, line)
		assert.Equal(t, flags, rec.Flags, line)
		assert.Equal(t, want, rec.TraceID, line)
	}
}

func TestUnixTimes(t *testing.T) {
	for text, want := range map[string]time.Time{
		"1000000000":             time.Unix(1e9, 0),
		"1767323045":             time.Unix(1767323045, 0),
		"1767323045.1":           time.Unix(1767323045, 1e8),
		"1767323045.1234567":     time.Unix(1767323045, 123456700),
		"1767323045.12345678999": time.Unix(1767323045, 123456789),
		"99999999999":            time.Unix(99999999999, 0),
		"1767323045123":          time.UnixMilli(1767323045123),
		"1767323045123.456789":   time.Unix(1767323045, 123456789),
		"1767323045123456":       time.UnixMicro(1767323045123456),
		"1767323045123456.789":   time.Unix(1767323045, 123456789),
		"1767323045123456789":    time.Unix(1767323045, 123456789),
		"1767323045123456789.9":  time.Unix(1767323045, 123456789),
		"9223372036854775807":    time.Unix(0, math.MaxInt64),
	} {
		got, ok := unixTime(text)
		assert.True(t, ok, text)
		assert.True(t, want.Equal(got), "%s is %s", text, got)
	}
	for _, text := range []string{"", "0", "-1767323045", "999999999", "999999999.9", "1e9", "1767323045.5e3", "9223372036854775808", "1767323045.x"} {
		_, ok := unixTime(text)
		assert.False(t, ok, text)
	}
}

func TestMembersOfADeepObjectAreBounded(t *testing.T) {
	for _, depth := range []int{40, 9000, 20000} {
		w, got := testWriter(nil)
		write(t, w, strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)+"\n")
		require.Len(t, got.records, 1)
		assert.LessOrEqual(t, len(got.records[0].Attrs), 1)
	}
}
