package ingest

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

func TestLongTextIsCutAtThePlatformsLimits(t *testing.T) {
	long := strings.Repeat("é", 60_000)
	// The attributes repeat what is cut, so that not all can be as long at once.
	r := converted(t, with(func(lr plog.LogRecord) { lr.Body().SetStr(long) }),
		attr("exception.type", long[:2*300]), attr("exception.message", long[:2*5100]),
		attr("exception.stacktrace", strings.Repeat("s", 50_010)))
	for limit, text := range map[int]string{10_000: r.Message, 255: r.ErrorType, 5_000: r.ErrorMessage, 50_000: r.StackTrace} {
		assert.Len(t, []rune(text), limit)
	}
	r = converted(t, attr("deployment.environment", long[:2*200]), attr("service.version", long[:2*200]),
		attr("ledger.sdk_version", long[:2*200]), attr("telemetry.sdk.language", long[:2*200]),
		attr("ledger.platform_version", long[:2*200]))
	for _, row := range []struct {
		limit int
		text  string
	}{{20, r.Environment}, {100, r.Release}, {20, r.SDKVersion}, {50, r.Platform}, {50, r.PlatformVersion}} {
		assert.Len(t, []rune(row.text), row.limit)
	}
}

func TestWhatThePlatformWouldRefuseOrLoseIsRejected(t *testing.T) {
	at := func(ns int64) change {
		return with(func(lr plog.LogRecord) { lr.SetTimestamp(pcommon.Timestamp(ns)) })
	}
	ahead := now.Add(record.MaxAhead).UnixNano()
	for _, row := range []struct {
		name    string
		changes []change
		want    string // empty: accepted
	}{
		{"5 minutes ahead", []change{at(ahead)}, ""},
		{"more than 5 minutes ahead", []change{at(ahead + 1)}, "more than 5m0s in the future"},
		{"beyond any calendar", []change{at(-1)}, "in the future"},
		{"long ago", []change{at(1)}, ""},
		{"NUL in the body", []change{with(func(lr plog.LogRecord) { lr.Body().SetStr("a\x00") })}, "body: text with a NUL"},
		{"NUL in a value", []change{attr("x", "\x00")}, "attributes: text with a NUL"},
		{"NUL in a name", []change{attr("\x00", "x")}, "attributes: text with a NUL"},
		{"NUL inside a value", []change{attr("x", []any{map[string]any{"k": "\x00"}})}, "attributes: text with a NUL"},
		{"NUL in the resource", []change{resourceAttr("x", "\x00")}, "resource: text with a NUL"},
		{"other control characters", []change{attr("x", "\x01\x1b\x7f")}, ""},
		{"not a number", []change{attr("x", math.NaN())}, "not finite"},
		{"infinite inside", []change{attr("x", []any{math.Inf(-1)})}, "not finite"},
		{"method of 8", endpoint(attr("http.request.method", "PROPFIND")), ""},
		{"method of 9", endpoint(attr("http.request.method", "PROPPATCH")), "method longer than 8"},
		{"method of 9, not an endpoint", []change{attr("http.request.method", "PROPPATCH")}, ""},
		{"path of 2048", endpoint(attr("http.route", strings.Repeat("é", 2048))), ""},
		{"path of 2049", endpoint(attr("http.route", strings.Repeat("p", 2049))), "path longer than 2048"},
		{"status of 16 bits", endpoint(attr("http.response.status_code", 32767)), ""},
		{"status of 17 bits", endpoint(attr("http.response.status_code", 32768)), "status code"},
		{"status as text", endpoint(attr("http.response.status_code", "404")), ""},
		{"status in words", endpoint(attr("http.response.status_code", "OK")), "status code"},
		{"status with a fraction", endpoint(attr("http.response.status_code", 200.5)), "status code"},
		{"status as a list", endpoint(attr("http.response.status_code", []any{200})), "status code"},
		{"duration of 32 bits", endpoint(attr("ledger.duration_ms", float64(math.MaxInt32))), ""},
		{"duration of more", endpoint(attr("ledger.duration_ms", float64(math.MaxInt32)+1)), "duration"},
		{"duration in words", endpoint(attr("ledger.duration_ms", "Infinity")), "duration"},
		{"attributes of the limit", []change{attr("x", strings.Repeat("a", 99_800))}, ""},
		{"attributes beyond the limit", []change{attr("x", strings.Repeat("a", 100_000))}, "attributes longer than 100000"},
		{"wide characters within the limit", []change{attr("x", strings.Repeat("é", 16_600))}, ""},
		{"wide characters beyond it", []change{attr("x", strings.Repeat("é", 20_000))}, "attributes longer"},
		{"resource beyond the limit", []change{resourceAttr("x", strings.Repeat("a", 100_000))}, "resource: attributes longer"},
		{"record and resource together", []change{
			attr("x", strings.Repeat("a", 60_000)),
			resourceAttr("y", strings.Repeat("a", 60_000)),
		}, "attributes longer"},
		{"record instead of resource", []change{
			attr("x", strings.Repeat("a", 60_000)),
			resourceAttr("x", strings.Repeat("a", 60_000)),
		}, ""},
		{"a response body counts twice", endpoint(attr("ledger.response_body", strings.Repeat("a", 60_000))), "attributes longer"},
		{"an exception without a type is kept", []change{attr("exception.message", "m")}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := convert(one(row.changes...), now)
			if row.want == "" {
				assert.Len(t, b.accepted, 1, b.message())
				assert.Zero(t, b.rejected)
				return
			}
			assert.Empty(t, b.accepted)
			assert.Equal(t, 1, b.rejected)
			assert.Contains(t, b.message(), row.want)
			assert.True(t, strings.HasPrefix(b.message(), "Log 0: "))
		})
	}
}
