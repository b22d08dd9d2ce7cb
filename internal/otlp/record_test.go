package otlp

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decodeOne decodes the only record of b.
func decodeOne(t *testing.T, b []byte) DecodedRecord {
	t.Helper()
	rec, n, err := DecodeRecord(b)
	require.NoError(t, err)
	require.Equal(t, len(b), n, "a record must be consumed whole")
	return rec
}

// roundTrip encodes attributes and returns them as they were decoded.
func roundTrip(t *testing.T, attrs ...slog.Attr) []slog.Attr {
	t.Helper()
	return decodeOne(t, AppendRecord(nil, &Record{Attrs: attrs})).Attrs
}

func TestEveryFieldOfARecordSurvives(t *testing.T) {
	want := httpRecord()
	want.EventName = "http.server.request"
	want.Dropped = 3
	got := decodeOne(t, AppendRecord(nil, want))

	assert.Equal(t, DecodedRecord{
		Time: want.Time, Observed: want.Observed,
		Severity: 9, SeverityText: "INFO", Body: "GET /users/{id} 200", EventName: "http.server.request",
		TraceID: want.TraceID, SpanID: want.SpanID, Flags: 1,
		Attrs: want.Attrs, Dropped: 3,
	}, got)
}

func TestZeroFieldsAreAbsentButTheBodyIsNot(t *testing.T) {
	b := AppendRecord(nil, &Record{})
	assert.Equal(t, []byte{
		tagScopeLogsRecords, 4, // the record,
		tagRecordBody, 2, tagValueString, 0, // which is a body, which is ""
	}, b)
	assert.Equal(t, DecodedRecord{Body: ""}, decodeOne(t, b))
}

func TestASpanOrFlagsWithoutATraceAreAbsent(t *testing.T) {
	got := decodeOne(t, AppendRecord(nil, &Record{SpanID: [8]byte{1}, Flags: 1}))
	assert.Zero(t, got.SpanID)
	assert.Zero(t, got.Flags)
}

func TestRecordsConcatenate(t *testing.T) {
	var b []byte
	bodies := []string{"one", "", "three"}
	for _, body := range bodies {
		b = AppendRecord(b, &Record{Body: body})
	}
	for _, body := range bodies {
		rec, n, err := DecodeRecord(b)
		require.NoError(t, err)
		assert.Equal(t, body, rec.Body)
		b = b[n:]
	}
	assert.Empty(t, b)
}

// Lengths of one to four bytes take the path that moves the body.
func TestLengthsOfEverySizeAreMinimal(t *testing.T) {
	for _, n := range []int{0, 1, 100, 119, 120, 121, 127, 128, 129, 16_370, 16_383, 16_384, 2_097_151, 2_097_152} {
		body := make([]byte, n)
		for i := range body {
			body[i] = 'a' + byte(i%26)
		}
		prefix := []byte("before")
		b := AppendRecord(prefix, &Record{Time: 1, Body: string(body), Observed: 2})
		require.Equal(t, "before", string(b[:6]))
		got := decodeOne(t, b[6:])
		require.Equal(t, string(body), got.Body)
		require.Equal(t, int64(2), got.Observed)

		value := sizeText(n)
		record := 9 + sizeText(value) + 9
		require.Len(t, b[6:], sizeText(record), "body of %d bytes", n)
	}
}

func TestAppendRecordDoesNotAllocate(t *testing.T) { // E1
	typed := httpRecord()
	typed.Attrs = append(typed.Attrs, slog.Duration("d", time.Second), slog.Time("t", time.Unix(1764000000, 1)),
		slog.Any("list", []string{"a", "b"}), slog.Uint64("u", math.MaxUint64), slog.Bool("b", true),
		slog.Float64("nan", math.NaN()), slog.Any("bytes", []byte{1}))
	full := &Record{Body: "b"}
	for i := range inlineAttrs {
		full.Attrs = append(full.Attrs, slog.Int(string(rune('A'+i)), i))
	}
	long := httpRecord() // lengths of two bytes, inside and outside
	long.Attrs = append(long.Attrs, slog.String("long", strings.Repeat("é", 500)))

	for name, rec := range map[string]*Record{"http": httpRecord(), "typed": typed, "full": full, "long": long} {
		buf := AppendRecord(nil, rec)
		allocs := testing.AllocsPerRun(100, func() { buf = AppendRecord(buf[:0], rec) })
		assert.Zero(t, allocs, name)
	}
}

func TestAFlatRecordIsEncodedTheSame(t *testing.T) {
	rec := httpRecord()
	want := AppendRecord(nil, rec)
	rec.Attrs, _ = Flatten(nil, "", rec.Attrs)
	rec.Attrs = Dedup(rec.Attrs)
	rec.Flat = true
	assert.Equal(t, want, AppendRecord(nil, rec))
}

func TestAppendRecordOnlyReadsTheAttributes(t *testing.T) {
	attrs := []slog.Attr{slog.String("a", "1"), slog.Any("list", []any{7, "x"}), slog.String("a", "2")}
	AppendRecord(nil, &Record{Attrs: attrs})
	assert.Equal(t, []slog.Attr{slog.String("a", "1"), slog.Any("list", []any{7, "x"}), slog.String("a", "2")}, attrs)
}

func TestDroppedDoesNotOverflow(t *testing.T) {
	rec := &Record{Dropped: math.MaxUint32, Attrs: []slog.Attr{slog.Any("deep", nested(maxDepth+1))}}
	assert.Equal(t, uint32(math.MaxUint32), decodeOne(t, AppendRecord(nil, rec)).Dropped)
}

// nested returns depth groups around one attribute.
func nested(depth int) slog.Value {
	v := slog.IntValue(1)
	for range depth {
		v = slog.GroupValue(slog.Attr{Key: "g", Value: v})
	}
	return v
}
