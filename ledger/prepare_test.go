package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

var testNow = time.Date(2026, 7, 10, 10, 39, 59, 123456789, time.UTC)

const testID = "0199a2b3c4d57e6f8a9b0c1d2e3f4a5b"

func idOf(s string) [32]byte { return [32]byte([]byte(s)) }

// sent is a record on the wire, decoded.
func sent(t testing.TB, r Record) otlp.DecodedRecord {
	t.Helper()
	var p preparer
	rec, _, err := otlp.DecodeRecord(otlp.AppendRecord(nil, p.build(&r, &stamp{max: knownLimits(), id: idOf(testID), now: testNow})))
	require.NoError(t, err)
	accept(t, testNow, nil, rec)
	return rec
}

// decode reads what was encoded.
func decode(t testing.TB, b []byte) otlp.DecodedRecord {
	t.Helper()
	rec, _, err := otlp.DecodeRecord(b)
	require.NoError(t, err)
	return rec
}

// attr returns an attribute of a decoded record, nil if it is absent.
func attr(rec otlp.DecodedRecord, key string) any {
	for _, a := range rec.Attrs {
		if a.Key == key {
			return a.Value.Any()
		}
	}
	return nil
}

func TestPrepareStampsARecord(t *testing.T) {
	tc, _ := ParseTraceparent(traceparent)
	ctx := ContextWithTrace(t.Context(), tc)
	var p preparer
	r := Record{Message: "m", Level: slog.LevelWarn, Importance: ImportanceLow, Attrs: []slog.Attr{slog.Int("a", 1)}}
	c := &Client{ids: newIDSource()}
	stamped := c.stamp(ctx, testNow)
	out := p.build(&r, &stamped)

	id := out.Attrs[1].Value.String()
	assert.Regexp(t, "^[0-9a-f]{12}7[0-9a-f]{19}$", id)
	assert.Equal(t, &otlp.Record{
		Time: testNow.UnixNano(), Observed: testNow.UnixNano(), Severity: 13, SeverityText: "WARN", Body: "m",
		TraceID: tc.TraceID, SpanID: tc.SpanID, Flags: 1, Flat: true,
		Attrs: []slog.Attr{
			slog.Int("a", 1), slog.String("ledger.log_id", id), slog.String("log.record.uid", id),
			slog.String("ledger.log_type", "console"), slog.String("ledger.importance", "low"),
		},
	}, out)

	stamped = c.stamp(context.Background(), testNow)
	second := *p.build(&r, &stamped)
	assert.Zero(t, second.TraceID)
	assert.NotEqual(t, id, second.Attrs[1].Value.String())
}

func TestSeverityFollowsTheLevel(t *testing.T) {
	for _, c := range []struct {
		level slog.Level
		want  int
		text  string
	}{
		{math.MinInt32, 1, "DEBUG-2147483644"},
		{-100, 1, "DEBUG-96"},
		{-8, 1, "DEBUG-4"},
		{slog.LevelDebug, 5, "DEBUG"},
		{slog.LevelInfo, 9, "INFO"},
		{2, 11, "INFO+2"},
		{slog.LevelWarn, 13, "WARN"},
		{slog.LevelError, 17, "ERROR"},
		{LevelCritical, 21, "ERROR+4"},
		{15, 24, "ERROR+7"},
		{16, 24, "ERROR+8"},
	} {
		rec := sent(t, Record{Level: c.level})
		assert.Equal(t, c.want, rec.Severity, c.level)
		assert.Equal(t, c.text, rec.SeverityText)
	}
	assert.Equal(t, 24, severityOf(math.MaxInt-8))
}

func TestTimesThatTheServerWouldRefuseAreReplaced(t *testing.T) {
	for name, c := range map[string]struct{ in, want time.Time }{
		"zero is now":             {time.Time{}, testNow},
		"the past stays":          {testNow.AddDate(-1, 0, 0), testNow.AddDate(-1, 0, 0)},
		"a little ahead stays":    {testNow.Add(5 * time.Minute), testNow.Add(5 * time.Minute)},
		"more than that does not": {testNow.Add(5*time.Minute + 1), testNow},
		"the far future":          {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), testNow},
		"before the epoch":        {time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), testNow},
		"long before the epoch":   {time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), testNow},
	} {
		rec := sent(t, Record{Time: c.in})
		assert.Equal(t, c.want.UnixNano(), rec.Time, name)
		assert.Equal(t, testNow.UnixNano(), rec.Observed, name)
	}
}

func TestTheTypeIsGivenOrInferred(t *testing.T) {
	request := []slog.Attr{
		slog.String("http.request.method", "GET"), slog.String("http.route", "/"),
		slog.Int("http.response.status_code", 200), slog.Float64("ledger.duration_ms", 1),
	}
	without := func(i int) []slog.Attr {
		return append(append([]slog.Attr(nil), request[:i]...), request[i+1:]...)
	}
	with := func(attrs ...slog.Attr) Record { return Record{Attrs: attrs} }
	for _, c := range []struct {
		name string
		in   Record
		want Type
	}{
		{"nothing to go by", Record{}, TypeConsole},
		{"given", Record{Type: TypeCustom, Attrs: request}, TypeCustom},
		{"given and unknown", Record{Type: "network", Attrs: request}, TypeEndpoint},
		{"given as an attribute", with(slog.String("ledger.log_type", "database")), TypeDatabase},
		{"the field wins over the attribute", Record{Type: TypeLogger, Attrs: []slog.Attr{slog.String("ledger.log_type", "database")}}, TypeLogger},
		{"an unknown attribute is no type", with(slog.String("ledger.log_type", "x")), TypeConsole},
		{"an error", Record{Err: errors.New("x")}, TypeException},
		{"a stack", Record{Stack: []byte("x")}, TypeException},
		{"any exception attribute", with(slog.Bool("exception.escaped", true)), TypeException},
		{"an exception before a request", Record{Err: errors.New("x"), Attrs: request}, TypeException},
		{"a request", Record{Attrs: request}, TypeEndpoint},
		{"a request by its path", Record{Attrs: append(without(1), slog.String("url.path", "/"))}, TypeEndpoint},
		{"a request by the old names", Record{Attrs: append(without(0)[:1:1], slog.String("http.method", "GET"), slog.Int("http.status_code", 1), slog.Int("ledger.duration_ms", 1))}, TypeEndpoint},
		{"a request without its method", Record{Attrs: without(0)}, TypeConsole},
		{"a request without its path", Record{Attrs: without(1)}, TypeConsole},
		{"a request without its status", Record{Attrs: without(2)}, TypeConsole},
		{"a request without its duration", Record{Attrs: without(3)}, TypeConsole},
		{"a query", with(slog.String("db.system", "postgresql")), TypeDatabase},
		{"a query by the new name", with(slog.String("db.system.name", "postgresql")), TypeDatabase},
		{"from a place in code", with(slog.String("code.function.name", "main.f")), TypeLogger},
		{"in a group", with(slog.Group("db", slog.String("system", "x"))), TypeDatabase},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, string(c.want), attr(sent(t, c.in), "ledger.log_type"))
		})
	}
}

func TestTheImportanceIsGivenOrAbsent(t *testing.T) {
	own := slog.String("ledger.importance", "high")
	assert.Nil(t, attr(sent(t, Record{}), "ledger.importance"))
	assert.Nil(t, attr(sent(t, Record{Importance: "x"}), "ledger.importance"))
	assert.Equal(t, "low", attr(sent(t, Record{Importance: ImportanceLow, Attrs: []slog.Attr{own}}), "ledger.importance"))
	assert.Equal(t, "high", attr(sent(t, Record{Importance: "x", Attrs: []slog.Attr{own}}), "ledger.importance"))
}

func TestTheRecordIDIsAlwaysOurs(t *testing.T) { // S2
	rec := sent(t, Record{Attrs: []slog.Attr{slog.String("ledger.log_id", "x"), slog.Group("log", slog.Group("record", slog.String("uid", "y")))}})
	assert.Equal(t, testID, attr(rec, "ledger.log_id"))
	assert.Equal(t, testID, attr(rec, "log.record.uid"))
}

func TestAnExceptionAlwaysHasATypeAndAMessage(t *testing.T) {
	exception := func(key string, value any) []slog.Attr { return []slog.Attr{slog.Any("exception."+key, value)} }
	for _, c := range []struct {
		name                string
		in                  Record
		kind, message, body string
	}{
		{"an error", Record{Err: fmt.Errorf("pay: %w", plainError("no")), Message: "m"}, "ledger.plainError", "pay: no", "m"},
		{"without a message of the record", Record{Err: plainError("no")}, "ledger.plainError", "no", "no"},
		{"an error without text", Record{Err: plainError(""), Message: "m"}, "ledger.plainError", "m", "m"},
		{"an error without text, nor a message", Record{Err: plainError("")}, "ledger.plainError", "ledger.plainError", "ledger.plainError"},
		{"text that is cleaned away", Record{Err: plainError("\x00"), Message: "\x00 "}, "ledger.plainError", "ledger.plainError", "ledger.plainError"},
		{"an error that panics", Record{Err: &nilError{}}, "*ledger.nilError", "!PANIC: nil", "!PANIC: nil"},
		{"no error at all", Record{Type: TypeException, Message: "m"}, "error", "m", "m"},
		{"nothing at all", Record{Type: TypeException}, "error", "error", "error"},
		{"a stack", Record{Stack: []byte("s"), Message: "m"}, "error", "m", "m"},
		{"attributes win over the error", Record{Err: plainError("no"), Attrs: exception("type", "Mine")}, "Mine", "no", "no"},
		{"attributes of any kind are text", Record{Attrs: append(exception("type", 7), exception("message", []int{1})...)}, "7", "[1]", "[1]"},
		{"blank attributes do not count", Record{Err: plainError("no"), Attrs: exception("type", " \x00")}, "error", "no", "no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := sent(t, c.in)
			assert.Equal(t, c.kind, attr(rec, "exception.type"))
			assert.Equal(t, c.message, attr(rec, "exception.message"))
			assert.Equal(t, c.body, rec.Body)
		})
	}
}

func TestEveryExceptionAttributeIsText(t *testing.T) {
	rec := sent(t, Record{Attrs: []slog.Attr{slog.Bool("exception.escaped", true), slog.Any("exception.stacktrace", []string{"a"})}})
	assert.Equal(t, "true", attr(rec, "exception.escaped"))
	assert.Equal(t, "[a]", attr(rec, "exception.stacktrace"))
}

func TestTheStackIsTheRecordsOrTheErrors(t *testing.T) {
	here := calling{callerPCs()}
	assert.Equal(t, leafFirst(panicStack), attr(sent(t, Record{Err: here, Stack: []byte(panicStack)}), "exception.stacktrace"))
	assert.Equal(t, pcStack(here.pcs), attr(sent(t, Record{Err: fmt.Errorf("x: %w", here)}), "exception.stacktrace"))
	assert.Nil(t, attr(sent(t, Record{Err: errors.New("x")}), "exception.stacktrace"))
}

func TestTheRecordIsOnlyRead(t *testing.T) {
	attrs := []slog.Attr{slog.String("http.request.method", "PROPPATCH"), slog.String("x", strings.Repeat("x", 200_000)), slog.Int("ledger.log_id", 1)}
	before := append([]slog.Attr(nil), attrs...)
	sent(t, Record{Attrs: attrs})
	assert.Equal(t, before, attrs)
}

func TestAPreparerForgetsTheLastRecord(t *testing.T) {
	var p preparer
	long := Record{Err: errors.New("e"), Attrs: make([]slog.Attr, 40)}
	for i := range long.Attrs {
		long.Attrs[i] = slog.String("k"+string(rune('a'+i%7)), "v") // most of them duplicates
	}
	p.build(&long, &stamp{max: knownLimits(), id: idOf(testID), now: testNow})
	p.reset()
	for _, a := range p.attrs[:cap(p.attrs)] {
		require.Zero(t, a, "kept alive")
	}
	assert.Zero(t, p.rec)

	short := Record{Message: "m"}
	var fresh preparer
	assert.Equal(t, fresh.build(&short, &stamp{max: knownLimits(), id: idOf(testID), now: testNow}), p.build(&short, &stamp{max: knownLimits(), id: idOf(testID), now: testNow}))

	huge := Record{Attrs: make([]slog.Attr, 2*maxKeptAttrs)}
	for i := range huge.Attrs {
		huge.Attrs[i] = slog.Int(fmt.Sprint(i), i)
	}
	p.build(&huge, &stamp{max: knownLimits(), id: idOf(testID), now: testNow})
	p.reset()
	assert.Nil(t, p.attrs, "one huge record must not pin its memory")
}

func TestAnOrdinaryRecordCostsNoAllocation(t *testing.T) {
	var p preparer
	r := httpRecord()
	s := stamp{max: knownLimits(), id: idOf(testID), now: testNow, resource: 500, scrub: Scrub{}.scrubber()}
	var buf []byte
	allocs := testing.AllocsPerRun(100, func() {
		buf = p.encode(buf[:0], &r, &s)
	})
	assert.Zero(t, allocs)
}

func httpRecord() Record {
	return Record{
		Time: testNow, Message: "GET /users/{id} 200", Type: TypeEndpoint, Importance: ImportanceStandard,
		Attrs: []slog.Attr{
			slog.String("http.request.method", "GET"), slog.String("http.route", "/users/{id}"),
			slog.String("url.path", "/users/4711"), slog.Int("http.response.status_code", 200),
			slog.Float64("ledger.duration_ms", 12.35), slog.String("network.peer.address", "203.0.113.7"),
			slog.String("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
			slog.Int("http.response.body.size", 1532), slog.String("url.scheme", "https"), slog.String("server.address", "example.com"),
		},
	}
}

func BenchmarkPrepareAndAppend(b *testing.B) {
	for name, scrub := range map[string]Scrub{"scrubbed": {}, "not scrubbed": {Off: true}} {
		b.Run(name, func(b *testing.B) {
			var p preparer
			r := httpRecord()
			s := stamp{max: knownLimits(), id: idOf(testID), now: testNow, resource: 500, scrub: scrub.scrubber()}
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = p.encode(buf[:0], &r, &s)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}
