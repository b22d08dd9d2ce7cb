package ledger

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// sentWith is sent for a resource.
func sentWith(t *testing.T, resource []slog.Attr, r Record) (otlp.DecodedRecord, stored) {
	t.Helper()
	var p preparer
	b := otlp.AppendRecord(nil, p.build(&r, &stamp{max: knownLimits(), id: idOf(testID), now: testNow, resource: resourceSize(resource)}))
	rec, _, err := otlp.DecodeRecord(b)
	require.NoError(t, err)
	return rec, accept(t, testNow, resource, rec)
}

func repeat(n int) string { return strings.Repeat("x", n) }

func TestWhatFitsIsNotTouched(t *testing.T) {
	attrs := []slog.Attr{slog.String("a", repeat(40_000)), slog.Any("list", []string{"b"}), slog.String("c", repeat(50_000))}
	rec, s := sentWith(t, nil, Record{Attrs: attrs})
	assert.Equal(t, repeat(40_000), attr(rec, "a"))
	assert.Equal(t, repeat(50_000), attr(rec, "c"))
	assert.Zero(t, rec.Dropped)
	assert.Greater(t, s.json, 90_000)
}

func TestAnAttributeThatDoesNotFitIsCutAloneAndLaterOnesSurvive(t *testing.T) {
	rec, s := sentWith(t, nil, Record{Attrs: []slog.Attr{
		slog.String("before", "1"), slog.String("large", repeat(500_000)), slog.String("after", "2"), slog.Int("number", 3),
	}})
	assert.Equal(t, "1", attr(rec, "before"))
	assert.Equal(t, "2", attr(rec, "after"))
	assert.Equal(t, int64(3), attr(rec, "number"))
	large := attr(rec, "large").(string)
	assert.True(t, strings.HasSuffix(large, "x... [truncated]"))
	assert.Greater(t, s.json, 90_000, "what room there is should be used")
	assert.Zero(t, rec.Dropped)
}

func TestTheLargestAreCutFirst(t *testing.T) {
	rec, _ := sentWith(t, nil, Record{Attrs: []slog.Attr{
		slog.String("huge", repeat(200_000)), slog.String("modest", repeat(20_000)), slog.String("large", repeat(60_000)),
	}})
	assert.Equal(t, repeat(20_000), attr(rec, "modest"))
	assert.InDelta(t, 37_000, len(attr(rec, "huge").(string)), 1_000)
	assert.Len(t, attr(rec, "large"), len(attr(rec, "huge").(string))-1, "each its share, key and value")
}

func TestWhatCannotBeCutIsDroppedAloneAndCounted(t *testing.T) {
	rec, _ := sentWith(t, nil, Record{Attrs: []slog.Attr{
		slog.Any("bytes", make([]byte, 100_000)), slog.String("a", "1"), slog.Any("list", make([]bool, 50_000)),
		slog.Int(repeat(100_000), 1), slog.String("b", "2"),
	}})
	assert.Equal(t, uint32(3), rec.Dropped)
	assert.Equal(t, "1", attr(rec, "a"))
	assert.Equal(t, "2", attr(rec, "b"))
	assert.Len(t, rec.Attrs, 5)
}

func TestBytesCountAsBase64(t *testing.T) {
	for n, kept := range map[int]bool{70_000: true, 72_000: false} {
		rec, _ := sentWith(t, nil, Record{Attrs: []slog.Attr{slog.Any("bytes", make([]byte, n))}})
		assert.Equal(t, kept, rec.Dropped == 0, n)
	}
}

func TestVeryManyAttributesAreKeptUntilTheRoomEnds(t *testing.T) {
	attrs := make([]slog.Attr, 5_000)
	for i := range attrs {
		attrs[i] = slog.String(fmt.Sprintf("key.%04d", i), repeat(40))
	}
	rec, s := sentWith(t, nil, Record{Attrs: attrs})
	kept := len(rec.Attrs) - 3
	assert.Equal(t, uint32(5_000-kept), rec.Dropped)
	assert.Equal(t, attrs[:kept], rec.Attrs[:kept])
	assert.Greater(t, s.json, 90_000)
}

func TestOfAFailureTheStackKeepsHalf(t *testing.T) {
	stack := repeat(50_000)
	var attrs []slog.Attr
	for i := range 40 {
		attrs = append(attrs, slog.String(fmt.Sprint("k", i), repeat(3_000)))
	}
	rec, _ := sentWith(t, nil, Record{Err: plainError("no"), Stack: []byte(stack), Attrs: attrs})
	assert.InDelta(t, 47_000, len(attr(rec, "exception.stacktrace").(string)), 1_000)
	assert.Zero(t, rec.Dropped)
	for i := range 40 {
		assert.Greater(t, len(attr(rec, fmt.Sprint("k", i)).(string)), 1_000)
	}

	rec, _ = sentWith(t, nil, Record{Err: plainError("no"), Stack: []byte(stack), Attrs: attrs[:5]})
	assert.Equal(t, stack, attr(rec, "exception.stacktrace"), "what does not compete is not cut")
}

func TestEscapedCharactersCountAsTheServerCountsThem(t *testing.T) {
	for name, c := range map[string]struct {
		letter string
		size   int
	}{
		"ASCII": {"a", 1}, "quote": {`"`, 2}, "newline": {"\n", 2}, "control": {"\x01", 6}, "vertical tab": {"\v", 6}, "delete": {"\x7f", 6},
		"é": {"é", 6}, "astral": {"\U0001F600", 12}, "not UTF-8": {"\xff", 6},
	} {
		assert.Equal(t, c.size, textJSON(c.letter), name)
		rec, _ := sentWith(t, nil, Record{Attrs: []slog.Attr{slog.String("k", strings.Repeat(c.letter, 100_000))}})
		if name != "not UTF-8" { // a run of which is repaired into one character
			kept := strings.Count(attr(rec, "k").(string), c.letter)
			assert.InDelta(t, 94_500/c.size, kept, 300, name)
		}
	}
}

func TestTheResourceCounts(t *testing.T) {
	resource := []slog.Attr{slog.String("big", repeat(50_000))}
	rec, s := sentWith(t, resource, Record{Attrs: []slog.Attr{slog.String("k", repeat(90_000))}})
	assert.InDelta(t, 44_500, len(attr(rec, "k").(string)), 300)
	assert.Greater(t, s.json, 90_000)
	assert.Equal(t, resourceSize(resource), resourceSize([]slog.Attr{slog.String("big", "x"), resource[0]}), "the last of a key counts")
}

func TestAResourceThatTakesAllLeavesWhatTheServerNeeds(t *testing.T) {
	var p preparer
	r := Record{Err: plainError("no"), Stack: []byte("at f(x:1)"), Attrs: []slog.Attr{slog.String("a", "1")}}
	rec := p.build(&r, &stamp{max: knownLimits(), id: idOf(testID), now: testNow, resource: 1_000_000})
	var keys []string
	for _, a := range rec.Attrs {
		keys = append(keys, a.Key)
	}
	assert.Equal(t, []string{"exception.type", "exception.message", "ledger.log_id", "log.record.uid", "ledger.log_type"}, keys)
	assert.Equal(t, uint32(2), rec.Dropped)
}

// The server repeats some attributes of a request in an object of its own.
func TestTheServersCopiesCount(t *testing.T) {
	request := []slog.Attr{
		slog.String("http.request.method", "GET"), slog.String("url.path", "/"), slog.Int("http.response.status_code", 500), slog.Int("ledger.duration_ms", 1),
	}
	for key, copies := range map[string]int{"url.query": 2, "ledger.response_body": 2, "ledger.path_params": 6, "other": 1} {
		rec, _ := sentWith(t, nil, Record{Attrs: append(request[:4:4], slog.String(key, repeat(200_000)))})
		assert.InDelta(t, 94_000/copies, len(attr(rec, key).(string)), 400, key)
	}
	// What grows most when it is parsed and written again.
	numbers := "[" + strings.Repeat("1e15,", 20_000) + "1e15]"
	_, s := sentWith(t, nil, Record{Attrs: append(request[:4:4], slog.String("ledger.path_params", numbers[:14_000]+"1]"))})
	assert.LessOrEqual(t, s.json, maxAttributesJSON)
}

func TestTheNecessaryIsNeverDropped(t *testing.T) {
	wide := strings.Repeat("\U0001F600", 5_000)
	attrs := []slog.Attr{
		slog.String("http.request.method", "GET"), slog.String("http.route", wide), slog.String("url.path", wide),
		slog.Int("http.response.status_code", 500), slog.Int("ledger.duration_ms", 1), slog.String("x", wide),
	}
	rec, s := sentWith(t, nil, Record{Type: TypeEndpoint, Err: plainError(wide), Message: wide, Stack: []byte(strings.Repeat("\U0001F600", 60_000)), Attrs: attrs})
	assert.Equal(t, "endpoint", s.logType)
	assert.Contains(t, s.attributes, "endpoint")
	assert.Zero(t, rec.Dropped)
	assert.NotEmpty(t, attr(rec, "exception.stacktrace"))
	assert.NotEmpty(t, attr(rec, "x"))
}

func FuzzCutJSON(f *testing.F) {
	f.Add("aé\U0001F600\n", uint16(20))
	f.Fuzz(func(t *testing.T, s string, extra uint16) {
		limit := len(otlp.Mark) + int(extra)
		got := cutJSON(s, limit)
		require.LessOrEqual(t, textJSON(got), limit)
		kept, cut := strings.CutSuffix(got, otlp.Mark)
		if textJSON(s) <= limit {
			require.Equal(t, s, got)
			return
		}
		require.True(t, cut)
		require.True(t, strings.HasPrefix(s, kept))
		require.Greater(t, textJSON(got), limit-12, "no more may be given away than one character")
	})
}
