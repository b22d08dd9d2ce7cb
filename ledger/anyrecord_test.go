package ledger

import (
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// Whatever is logged, the server takes it.
func TestTheServerTakesAnyRecord(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	trace, _ := ParseTraceparent(traceparent)
	for i := range 100 {
		r := randomRecord(rnd, 4096)
		resource := []slog.Attr{slog.String("service.name", "shop"), slog.String("x", strings.Repeat("r", rnd.IntN(20_000)))}
		var p preparer
		b := otlp.AppendRecord(nil, p.build(&r, &stamp{max: knownLimits(), id: idOf(testID), now: testNow, trace: trace, resource: resourceSize(resource)}))
		require.Less(t, len(b), 256<<10)
		rec, _, err := otlp.DecodeRecord(b)
		require.NoError(t, err)
		s := accept(t, testNow, resource, rec)
		require.LessOrEqual(t, s.json, maxAttributesJSON, "round %d: the estimate must not be less than the truth", i)
	}
}

func FuzzTheServerTakesAnyRecord(f *testing.F) {
	f.Add(uint64(1), uint64(2), "key", "value")
	f.Fuzz(func(t *testing.T, a, b uint64, key, value string) {
		r := randomRecord(rand.New(rand.NewPCG(a, b)), 16)
		r.Message += value
		r.Attrs = append(r.Attrs, slog.String(key, value), slog.String("exception."+key, value), slog.Any(value, []string{key, value}),
			slog.String("ledger.path_params", value))
		sent(t, r)
	})
}

// randomRecord makes records that try every limit, with up to most attributes.
func randomRecord(rnd *rand.Rand, most int) Record {
	alphabets := []string{"abc", "é", "\U0001F600", "\x00\x01\n\"\\", "\xff", "a\u2028<"}
	word := func(most int) string {
		set := []rune(alphabets[rnd.IntN(len(alphabets))])
		n := rnd.IntN(1<<rnd.IntN(18)%(most+1) + 1)
		return strings.Repeat(string(set[rnd.IntN(len(set))]), n)
	}
	keys := []string{
		"exception.type", "exception.message", "exception.stacktrace", "exception.x", "http.request.method", "http.method",
		"http.route", "url.path", "url.query", "http.response.status_code", "http.status_code", "ledger.duration_ms",
		"ledger.path_params", "ledger.response_body", "ledger.log_type", "ledger.importance", "ledger.log_id", "db.system",
		"http.request.method_original", "a", "b", "c",
	}
	value := func() slog.Value {
		switch rnd.IntN(14) {
		case 0:
			return slog.Int64Value(rnd.Int64() - rnd.Int64())
		case 1:
			return slog.Float64Value([]float64{math.NaN(), math.Inf(1), 1e300, -0.5, 1e15}[rnd.IntN(5)])
		case 2:
			return slog.BoolValue(true)
		case 3:
			return slog.DurationValue(time.Duration(rnd.Int64()))
		case 4:
			return slog.TimeValue(testNow)
		case 5:
			return slog.AnyValue([]string{word(100_000), word(10)})
		case 6:
			return slog.AnyValue(make([]int, rnd.IntN(10_000)))
		case 7:
			return slog.AnyValue([]byte(word(100_000)))
		case 8:
			return slog.AnyValue(map[string]string{word(50): word(50_000)})
		case 9:
			return slog.AnyValue([]any{word(1000), 1.5, -7, true, nil, []byte(word(100)), []any{word(100)}, math.NaN()})
		case 10:
			list := make([]float64, rnd.IntN(6_000))
			for i := range list {
				list[i] = -rnd.ExpFloat64() * 1e-7
			}
			return slog.AnyValue(list)
		case 11:
			list := make([]int64, rnd.IntN(6_000))
			for i := range list {
				list[i] = math.MinInt64 + rnd.Int64N(9)
			}
			return slog.AnyValue(list)
		case 12:
			return slog.StringValue([]string{"inf", " 99999 ", "-1e400", "[1e15,1e15]", `{"a":[[],[]]}`}[rnd.IntN(5)])
		default:
			return slog.StringValue(word(150_000))
		}
	}
	r := Record{Message: word(30_000), Level: slog.Level(rnd.IntN(60) - 30), Type: Type([]string{"", "exception", "endpoint", "x"}[rnd.IntN(4)])}
	if rnd.IntN(2) == 0 {
		r.Err, r.Stack = plainError(word(30_000)), []byte(word(150_000))
	}
	for range rnd.IntN(1<<rnd.IntN(12)) % most {
		key := keys[rnd.IntN(len(keys))]
		if rnd.IntN(3) == 0 {
			key = word(200)
		}
		r.Attrs = append(r.Attrs, slog.Attr{Key: key, Value: value()})
	}
	return r
}
