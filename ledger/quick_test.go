package ledger

import (
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// bothWays encodes r in one pass and by way of a preparer's list, and reports whether
// the one pass took it. The bytes must not tell which way a record went.
func bothWays(t testing.TB, r Record, resource int, scope ...slog.Attr) (taken bool) {
	t.Helper()
	trace, _ := ParseTraceparent(traceparent)
	s := stamp{
		max: knownLimits(), id: idOf(testID), now: testNow, trace: trace, resource: resource,
		scope: scope, scrub: Scrub{}.scrubber(),
	}
	got, ok := quick([]byte("before"), &r, &s)
	if !ok {
		require.Equal(t, "before", string(got), "what is not taken leaves nothing")
		return false
	}
	want := otlp.AppendRecord([]byte("before"), new(preparer).build(&r, &s))
	require.Equal(t, want, got, "%+v", r)
	return true
}

func TestOnePassMakesTheSameBytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	taken := 0
	const rounds = 4_000
	for range rounds {
		if bothWays(t, nearlyOrdinary(rnd), rnd.IntN(2)*rnd.IntN(95_000)) {
			taken++
		}
	}
	assert.Greater(t, taken, rounds/4)
	assert.Less(t, taken, rounds*3/4)
	for range 300 {
		bothWays(t, randomRecord(rnd, 64), 0)
	}
}

// The same with attributes of a scope and of a handler's WithAttrs in front, which may
// have the keys of one another and of the record.
func TestOnePassMakesTheSameBytesOfThreeLists(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	taken := 0
	const rounds = 4_000
	for range rounds {
		r := nearlyOrdinary(rnd)
		attrs := slices.Clone(r.Attrs)
		if rnd.IntN(4) == 0 && len(attrs) > 0 {
			attrs = append(attrs, attrs[rnd.IntN(len(attrs))]) // a key twice, perhaps in two lists
		}
		from := rnd.IntN(len(attrs) + 1)
		to := from + rnd.IntN(len(attrs)-from+1)
		var scope Scope
		scope.Add(attrs[:from]...)
		plain, _ := otlp.Flatten(nil, "", attrs[from:to])
		r.preset = newPreset(plain, Scrub{}.scrubber())
		r.Attrs = attrs[to:]
		if bothWays(t, r, 0, scope.Attrs()...) {
			taken++
		}
	}
	assert.Greater(t, taken, rounds/4)
	assert.Less(t, taken, rounds*3/4)
}

// nearlyOrdinary makes records of which about half need no change.
func nearlyOrdinary(rnd *rand.Rand) Record {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	odd := func(v, odd slog.Value) slog.Value {
		if rnd.IntN(20) == 0 {
			return odd
		}
		return v
	}
	text := slog.StringValue
	all := []slog.Attr{
		{Key: pick("http.request.method", "http.method"), Value: odd(text(pick("GET", "OPTIONS", "", "é")), text(pick("PROPFIND", "PROPPATCH", "ééééééééé")))},
		{Key: pick("http.route", "url.path"), Value: odd(text("/orders/{id}"), text(strings.Repeat("/é", rnd.IntN(1500))))},
		{Key: "http.response.status_code", Value: odd(slog.IntValue(rnd.IntN(600)), slog.IntValue(32_768-rnd.IntN(2)))},
		{Key: "ledger.duration_ms", Value: odd(slog.Float64Value(12.5), slog.Float64Value([]float64{-1, math.NaN(), math.MaxInt32, math.MaxFloat64, math.Inf(1)}[rnd.IntN(5)]))},
		{Key: pick("db.system", "code.function", "x"), Value: text(pick("", "a", "\x00", "\xff", "\U0001F600"))},
		{Key: "n", Value: odd(slog.Int64Value(rnd.Int64()-rnd.Int64()), slog.Uint64Value(rnd.Uint64()))},
		{Key: "b", Value: slog.BoolValue(rnd.IntN(2) == 0)},
		{Key: "d", Value: slog.DurationValue(time.Duration(rnd.Int64()))},
		{Key: "t", Value: slog.TimeValue(testNow)},
		{Key: "f", Value: slog.Float64Value(rnd.NormFloat64())},
		{Key: pick("y", "y", "y", "y", "y", "y", "y", "y", "y", "n", "é", "", "ledger.log_id", "ledger.importance", "exception.x"), Value: text("v")},
		{Key: "ledger.path_params", Value: odd(text(`{"id":1}`), text(strings.Repeat("1e15,", rnd.IntN(1500))))},
		{Key: "long", Value: odd(text(strings.Repeat("v", rnd.IntN(300))), text(strings.Repeat("v", rnd.IntN(20_000))))},
		{Key: "any", Value: odd(text("v"), slog.AnyValue([]string{"v"}))},
		{Key: "group", Value: odd(text("v"), slog.GroupValue(slog.String("a", "b")))},
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	r := Record{
		Message: pick("", " ", "done", "é\x00", strings.Repeat("m", rnd.IntN(11_000))), Level: slog.Level(rnd.IntN(40) - 20),
		Type: Type(pick("", "endpoint", "exception", "console", "odd")), Importance: Importance(pick("", "high", "odd")),
		Attrs: slices.Clip(all[:rnd.IntN(len(all))]),
	}
	if rnd.IntN(4) == 0 {
		r.Time = testNow.Add(time.Duration(rnd.Int64N(int64(time.Hour))) - 30*time.Minute)
	}
	return r
}

func FuzzOnePassMakesTheSameBytes(f *testing.F) {
	f.Add(uint64(1), "key", "value", "message")
	f.Fuzz(func(t *testing.T, seed uint64, key, value, message string) {
		r := nearlyOrdinary(rand.New(rand.NewPCG(seed, 1)))
		r.Message = message
		r.Attrs = append(r.Attrs, slog.String(key, value))
		bothWays(t, r, 0)
	})
}
