package ledger

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTextsAreCutInCodePoints(t *testing.T) {
	const mark = "... [truncated]"
	for _, letter := range []string{"a", "é", "\U0001F600"} {
		long := strings.Repeat(letter, 60_000)
		cut := func(limit int) string { return strings.Repeat(letter, limit-len(mark)) + mark }

		assert.Equal(t, cut(10_000), sent(t, Record{Message: long}).Body)
		assert.Equal(t, strings.Repeat(letter, 10_000), sent(t, Record{Message: long[:10_000*len(letter)]}).Body)
		assert.Equal(t, cut(255), attr(sent(t, Record{Attrs: []slog.Attr{slog.String("exception.type", long)}}), "exception.type"))
	}
	long := strings.Repeat("a", 60_000)
	rec := sent(t, Record{Err: plainError(long), Stack: []byte(long)})
	assert.Equal(t, strings.Repeat("a", 5_000-len(mark))+mark, attr(rec, "exception.message"))
	assert.Equal(t, strings.Repeat("a", 50_000-len(mark))+mark, attr(rec, "exception.stacktrace"))
	assert.Equal(t, attr(rec, "exception.message"), rec.Body)
}

func TestAttributesOfRequestsFitTheServersColumns(t *testing.T) {
	for _, c := range []struct {
		name string
		in   slog.Attr
		want any
	}{
		{"method", slog.String("http.request.method", "OPTIONS"), "OPTIONS"},
		{"method of eight", slog.String("http.request.method", "PROPFIND"), "PROPFIND"},
		{"method of nine", slog.String("http.request.method", "PROPPATCH"), "_OTHER"},
		{"method by its old name", slog.String("http.method", "PROPPATCH"), "_OTHER"},
		{"method of eight code points", slog.String("http.request.method", "éééééééé"), "éééééééé"},
		{"method that is no text", slog.Int("http.request.method", 7), "7"},
		{"route", slog.String("http.route", strings.Repeat("r", 2048)), strings.Repeat("r", 2048)},
		{"long route", slog.String("http.route", strings.Repeat("r", 2049)), strings.Repeat("r", 2048-15) + "... [truncated]"},
		{"path that is no text", slog.Bool("url.path", true), "true"},
		{"status", slog.Int("http.response.status_code", 404), int64(404)},
		{"status that is too large", slog.Int("http.response.status_code", 40_000), int64(math.MaxInt16)},
		{"status that is too small", slog.Int("http.status_code", -40_000), int64(math.MinInt16)},
		{"status as text", slog.String("http.response.status_code", " 404 "), int64(404)},
		{"status as large text", slog.String("http.response.status_code", "99999"), int64(math.MaxInt16)},
		{"status that is no number", slog.String("http.response.status_code", "4xx"), int64(0)},
		{"status as a float", slog.Float64("http.response.status_code", 404.9), int64(404)},
		{"status as a large number", slog.Uint64("http.response.status_code", math.MaxUint64), int64(math.MaxInt16)},
		{"status that is not even that", slog.Float64("http.response.status_code", math.NaN()), int64(0)},
		{"duration", slog.Float64("ledger.duration_ms", 12.35), 12.35},
		{"duration of whole milliseconds", slog.Int("ledger.duration_ms", 12), 12.0},
		{"duration as one", slog.Duration("ledger.duration_ms", 1500*time.Microsecond), 1.5},
		{"negative duration", slog.Float64("ledger.duration_ms", -1), 0.0},
		{"endless duration", slog.Float64("ledger.duration_ms", math.Inf(1)), float64(math.MaxInt32)},
		{"duration as endless text", slog.String("ledger.duration_ms", "inf"), float64(math.MaxInt32)},
		{"duration that is no number", slog.String("ledger.duration_ms", "fast"), 0.0},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, attr(sent(t, Record{Type: TypeEndpoint, Attrs: []slog.Attr{c.in}}), c.in.Key))
		})
	}
}

func TestAMethodThatIsReplacedIsKeptBeside(t *testing.T) {
	method := slog.String("http.request.method", "PROPPATCH")
	assert.Equal(t, "PROPPATCH", attr(sent(t, Record{Attrs: []slog.Attr{method}}), "http.request.method_original"))

	long := strings.Repeat("x", 300)
	rec := sent(t, Record{Attrs: []slog.Attr{slog.String("http.request.method", long)}})
	assert.Equal(t, long[:255-15]+"... [truncated]", attr(rec, "http.request.method_original"))

	rec = sent(t, Record{Attrs: []slog.Attr{slog.String("http.request.method_original", "mine"), method}})
	assert.Equal(t, "mine", attr(rec, "http.request.method_original"))

	assert.Nil(t, attr(sent(t, Record{Attrs: []slog.Attr{slog.String("http.request.method", "GET")}}), "http.request.method_original"))
}
