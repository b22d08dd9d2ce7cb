package otlp

import (
	"errors"
	"log/slog"
	"math"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	named   string
	count   uint8
	toggle  bool
	ratio   float32
	opaque  struct{ hidden string }
	address struct {
		Host   string
		Port   int    `json:"port"`
		Secret string `json:"-"`
	}
	valuer   struct{ v slog.Value }
	stringer struct{}
)

func (v valuer) LogValue() slog.Value { return v.v }
func (stringer) String() string       { return "as text" }

func TestEveryKindOfValue(t *testing.T) {
	when := time.Date(2026, 7, 10, 10, 39, 59, 123456789, time.FixedZone("CEST", 7200))
	withPassword, err := url.Parse("https://user:hunter2@example.com/a?b=c")
	require.NoError(t, err)

	for _, c := range []struct {
		name string
		in   slog.Value
		want any
	}{
		{"string", slog.StringValue("é"), "é"},
		{"empty string", slog.StringValue(""), ""},
		{"int", slog.IntValue(-5), int64(-5)},
		{"smallest int", slog.Int64Value(math.MinInt64), int64(math.MinInt64)},
		{"uint that fits", slog.Uint64Value(math.MaxInt64), int64(math.MaxInt64)},
		{"uint that does not fit is text", slog.Uint64Value(math.MaxInt64 + 1), "9223372036854775808"},
		{"float", slog.Float64Value(12.35), 12.35},
		{"negative zero", slog.Float64Value(math.Copysign(0, -1)), math.Copysign(0, -1)},
		{"NaN is text", slog.Float64Value(math.NaN()), "NaN"},
		{"+Inf is text", slog.Float64Value(math.Inf(1)), "+Inf"},
		{"-Inf is text", slog.Float64Value(math.Inf(-1)), "-Inf"},
		{"true", slog.BoolValue(true), true},
		{"false", slog.BoolValue(false), false},
		{"duration is nanoseconds", slog.DurationValue(1500 * time.Millisecond), int64(1_500_000_000)},
		{"time is RFC 3339", slog.TimeValue(when), "2026-07-10T10:39:59.123456789+02:00"},
		{"nil", slog.AnyValue(nil), "<nil>"},
		{"bytes", slog.AnyValue([]byte{0, 1, 255}), []byte{0, 1, 255}},
		{"no bytes", slog.AnyValue([]byte(nil)), []byte{}},
		{"error", slog.AnyValue(errors.New("broken pipe")), "broken pipe"},
		{"strings", slog.AnyValue([]string{"a", "b\x00c"}), []any{"a", "bc"}},
		{"no strings", slog.AnyValue([]string{}), []any{}},
		{"ints", slog.AnyValue([]int{1, -2}), []any{int64(1), int64(-2)}},
		{"int64s", slog.AnyValue([]int64{math.MinInt64}), []any{int64(math.MinInt64)}},
		{"floats", slog.AnyValue([]float64{1.5, math.NaN()}), []any{1.5, "NaN"}},
		{"bools", slog.AnyValue([]bool{true, false}), []any{true, false}},
		{
			"mixed list", slog.AnyValue([]any{1, "a", nil, []any{uint64(math.MaxUint64), 2.5}, time.Second, when.UTC()}),
			[]any{int64(1), "a", "<nil>", []any{"18446744073709551615", 2.5}, int64(1e9), "2026-07-10T08:39:59.123456789Z"},
		},
		{"list of errors", slog.AnyValue([]error{errors.New("a"), nil}), []any{"a", "<nil>"}},
		{"list of a named type", slog.AnyValue([]named{"a", "b"}), []any{"a", "b"}},
		{"list of durations", slog.AnyValue([]time.Duration{1}), []any{int64(1)}},
		{"array", slog.AnyValue([2]int8{1, 2}), []any{int64(1), int64(2)}},
		{"array of bytes", slog.AnyValue([3]byte{1, 2, 3}), []byte{1, 2, 3}},
		{"list with a group", slog.AnyValue([]any{slog.GroupValue(slog.Int("a", 1))}), []any{`{"a":1}`}},
		{"named string", slog.AnyValue(named("n")), "n"},
		{"named number", slog.AnyValue(count(7)), int64(7)},
		{"named bool", slog.AnyValue(toggle(true)), true},
		{"float32", slog.AnyValue(ratio(0.5)), 0.5},
		{"complex", slog.AnyValue(complex(1, -2)), "(1-2i)"},
		{"pointer", slog.AnyValue(new(7)), int64(7)},
		{"pointer to a pointer", slog.AnyValue(new(new("p"))), "p"},
		{"nil pointer", slog.AnyValue((*int)(nil)), "<nil>"},
		{"text marshaler", slog.AnyValue(netip.MustParseAddr("203.0.113.7")), "203.0.113.7"},
		{"level", slog.AnyValue(slog.LevelWarn), "WARN"},
		{"stringer", slog.AnyValue(stringer{}), "as text"},
		{"URL without its password", slog.AnyValue(withPassword), "https://user:xxxxx@example.com/a?b=c"},
		{"struct is JSON", slog.AnyValue(address{"h<&>", 80, "s3cret"}), `{"Host":"h<&>","port":80}`},
		{"pointer to a struct", slog.AnyValue(&address{"h", 80, ""}), `{"Host":"h","port":80}`},
		{"list of structs", slog.AnyValue([]address{{"h", 1, ""}}), `[{"Host":"h","port":1}]`},
		{"map is JSON", slog.AnyValue(map[string]any{"b": 1, "a": []int{2}}), `{"a":[2],"b":1}`},
		{"unexported fields stay hidden", slog.AnyValue(opaque{"s3cret"}), `{}`},
		{"valuer", slog.AnyValue(valuer{slog.IntValue(3)}), int64(3)},
		{"valuer in a valuer", slog.AnyValue(valuer{slog.AnyValue(valuer{slog.StringValue("x")})}), "x"},
		{"valuer in a list", slog.AnyValue([]any{valuer{slog.IntValue(3)}}), []any{int64(3)}},
		{"what JSON cannot say", slog.AnyValue(map[string]any{"f": func() {}}), "!ERROR: json: unsupported type: func()"},
		{"NUL is removed", slog.StringValue("a\x00b"), "ab"},
		{"bad UTF-8 is repaired", slog.StringValue("a\xff\xfeb"), "a\uFFFDb"},
		{"an error's text is repaired", slog.AnyValue(errors.New("\xff\x00")), "\uFFFD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := roundTrip(t, slog.Attr{Key: "k", Value: c.in})
			require.Len(t, got, 1)
			assert.Equal(t, "k", got[0].Key)
			assert.Equal(t, c.want, got[0].Value.Any())
		})
	}
}

func TestPlainValuesStayAsTheyAre(t *testing.T) {
	for _, v := range []slog.Value{
		slog.StringValue("s"), slog.IntValue(1), slog.DurationValue(1), slog.TimeValue(time.Unix(1, 0)),
		slog.AnyValue([]string{"a"}), slog.AnyValue([]byte("b")), slog.AnyValue([]any{"a", int64(1)}),
	} {
		assert.Equal(t, v, Plain(v))
		assert.Equal(t, Plain(v), Plain(Plain(v)))
	}
	assert.Equal(t, `{"a":1}`, Plain(slog.GroupValue(slog.Int("a", 1))).String())
}

func TestEveryTextIsRepaired(t *testing.T) { // E2
	const dirty, clean = "\xffa\x00b", "\uFFFDab"
	got := decodeOne(t, AppendRecord(nil, &Record{
		SeverityText: dirty, Body: dirty, EventName: dirty,
		Attrs: []slog.Attr{slog.String(dirty, dirty), slog.Group(dirty, slog.Any(dirty, []string{dirty}))},
	}))
	assert.Equal(t, DecodedRecord{
		SeverityText: clean, Body: clean, EventName: clean,
		Attrs: []slog.Attr{slog.String(clean, clean), slog.Any(clean+"."+clean, []any{clean})},
	}, got)
}

func TestLargeValuesAreBounded(t *testing.T) {
	self := []any{nil}
	self[0] = self
	type loop *loop
	var ring loop
	ring = &ring
	type node struct{ Next *node }
	cycle := &node{}
	cycle.Next = cycle

	for name, in := range map[string]any{
		"heavy map":        map[string]string{"k": strings.Repeat("x", maxWeight)},
		"heavy list":       make([]named, maxWeight),
		"map in itself":    func() any { m := map[string]any{}; m["m"] = m; return m }(),
		"list in itself":   self,
		"pointer ring":     ring,
		"struct ring":      cycle,
		"long struct":      address{Host: strings.Repeat("é", 2*maxJSON)},
		"long marshaler":   big{},
		"long text":        map[string]string{"k": strings.Repeat("\x01", maxJSON)},
		"bytes of a type":  type8(make([]byte, 2*maxWeight)),
		"many in one list": manyAny(),
	} {
		t.Run(name, func(t *testing.T) {
			var b []byte
			require.NotPanics(t, func() { b = AppendRecord(nil, &Record{Attrs: []slog.Attr{slog.Any("k", in)}}) })
			assert.Less(t, len(b), 8*maxVisits)
			require.Len(t, decodeOne(t, b).Attrs, 1)
		})
	}
}

type type8 []byte

type big struct{}

func (big) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strings.Repeat("x", 2*maxJSON) + `"`), nil
}

func manyAny() []any {
	list := make([]any, 4*maxVisits)
	for i := range list {
		list[i] = true
	}
	return list
}

func TestDeepValuesAreMarshalledWithinReason(t *testing.T) {
	type node struct{ Next *node }
	list := func(n int) (head *node) {
		for range n {
			head = &node{head}
		}
		return head
	}
	text := func(n int) string { return roundTrip(t, slog.Any("k", list(n)))[0].Value.String() }
	assert.Equal(t, strings.Repeat(`{"Next":`, 100)+"null"+strings.Repeat("}", 100), text(100))
	assert.Equal(t, "!LARGE: *otlp.node", text(maxJSONDepth))
}

func TestACutListSaysSo(t *testing.T) {
	got := roundTrip(t, slog.Any("k", manyAny()))[0].Value.Any().([]any)
	assert.Equal(t, Mark, got[len(got)-1])
}
