package otlp

import (
	"log/slog"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDecodingSharesNothingWithItsInput(t *testing.T) { // E5
	b := AppendRecord(nil, &Record{Body: "body", Attrs: []slog.Attr{slog.Any("bytes", []byte("bytes")), slog.String("s", "text")}})
	rec := decodeOne(t, b)
	clear(b)
	assert.Equal(t, "body", rec.Body)
	assert.Equal(t, []byte("bytes"), rec.Attrs[0].Value.Any())
	assert.Equal(t, "text", rec.Attrs[1].Value.String())
}

func TestDecodeReadsWhatWeNeverWrite(t *testing.T) {
	text := func(s string) []byte { return appendText(nil, tagValueString, s) }
	pair := func(key string, value ...[]byte) []byte {
		return joined(appendText(nil, tagPairKey, key), message(tagPairValue, value...))
	}
	b := message(tagScopeLogsRecords,
		message(tagRecordBody, message(tagValueMap, message(tagMapPair, pair("k", text("v"))), message(tagMapPair, pair("k", text("last"))))),
		message(tagRecordAttrs, pair("unset")),
		message(tagRecordAttrs, pair("twice", text("first"), appendVarint(nil, tagValueInt, 2))),
		message(tagRecordTraceID, []byte("short")),
		appendVarint(nil, tagRecordSeverity, math.MaxUint64), // -1, as enums may be
	)
	assert.Equal(t, DecodedRecord{
		Severity: -1,
		Body:     map[string]any{"k": "last"},
		Attrs:    []slog.Attr{slog.Any("unset", nil), slog.Int("twice", 2)},
	}, decodeOne(t, b))
}

func TestTextIsDecodedAsItIs(t *testing.T) {
	const raw = "\x1b[31m\x00\xff<b>"
	b := message(tagScopeLogsRecords, message(tagRecordBody, appendText(nil, tagValueString, raw)))
	assert.Equal(t, raw, decodeOne(t, b).Body)
}

func TestNestingIsBounded(t *testing.T) { // E5
	value := appendVarint(nil, tagValueInt, 1)
	for depth := 1; depth <= maxDecodeDepth+1; depth++ {
		rec := message(tagScopeLogsRecords, message(tagRecordBody, value))
		_, _, err := DecodeRecord(rec)
		if depth <= maxDecodeDepth {
			require.NoError(t, err, depth)
		} else {
			require.ErrorIs(t, err, errTooDeep, depth)
		}
		value = message(tagValueArray, message(tagArrayElement, value))
	}
}

func TestMemoryIsBounded(t *testing.T) { // E5
	empty := message(tagRecordAttrs)
	var attrs []byte
	for range maxDecoded - recordWeight {
		attrs = append(attrs, empty...)
	}
	_, _, err := DecodeRecord(message(tagScopeLogsRecords, attrs))
	require.NoError(t, err)
	_, _, err = DecodeRecord(message(tagScopeLogsRecords, attrs, empty))
	require.ErrorIs(t, err, errTooMany)

	var records []byte
	for range maxDecoded / recordWeight {
		records = append(records, message(tagScopeLogsRecords)...)
	}
	_, err = DecodeRequest(joined(AppendRequestPrefix(nil, nil, "", "", len(records)), records))
	require.ErrorIs(t, err, errTooMany)
}

func TestDecodeRecordWantsARecord(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":         nil,
		"another field":   message(tagScopeLogsScope, []byte("x")),
		"half a record":   AppendRecord(nil, httpRecord())[:50],
		"damage inside":   message(tagScopeLogsRecords, []byte{tagRecordBody, 9}),
		"damage deeper":   message(tagScopeLogsRecords, message(tagRecordAttrs, message(tagPairValue, []byte{tagValueString, 1}))),
		"damage in lists": message(tagScopeLogsRecords, message(tagRecordBody, message(tagValueArray, []byte{tagArrayElement}))),
		"damage in maps":  message(tagScopeLogsRecords, message(tagRecordBody, message(tagValueMap, []byte{tagMapPair}))),
	} {
		rec, n, err := DecodeRecord(b)
		require.ErrorContains(t, err, "otlp: decode record: ", name)
		assert.Zero(t, n, name)
		assert.Zero(t, rec, name)
	}
}

// Every prefix of a request is either damaged or ends between two fields.
func TestEveryPrefixOfARequestIsAnswered(t *testing.T) {
	records := AppendRecord(AppendRecord(nil, httpRecord()), &Record{Body: "b"})
	whole := joined(AppendRequestPrefix(nil, AppendResource(nil, []slog.Attr{slog.Int("a", 1)}), "n", "v", len(records)), records)
	for n := 1; n < len(whole); n++ {
		_, err := DecodeRequest(whole[:n])
		require.ErrorContains(t, err, "otlp: decode request: ", n)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(AppendRecord(nil, httpRecord()))
	f.Add(AppendRecord(nil, &Record{Attrs: []slog.Attr{slog.Any("l", []any{1, []string{"a"}, []byte{1}})}}))
	f.Add([]byte{tagScopeLogsRecords, 0})
	f.Add([]byte{tagScopeLogsRecords, 2, 0x0b, 0x0c})
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, n, err := DecodeRecord(b)
		if err != nil {
			require.Zero(t, n)
			return
		}
		require.Positive(t, n)
		require.LessOrEqual(t, n, len(b))
		if text, ok := rec.Body.(string); ok {
			again := decodeAgain(t, rec, text)
			require.Equal(t, Clean(text), again.Body)
		}
	})
}

// decodeAgain encodes a decoded record and decodes that.
func decodeAgain(t *testing.T, rec DecodedRecord, body string) DecodedRecord {
	b := AppendRecord(nil, &Record{
		Time: rec.Time, Observed: rec.Observed, Severity: rec.Severity, SeverityText: rec.SeverityText, Body: body,
		EventName: rec.EventName, TraceID: rec.TraceID, SpanID: rec.SpanID, Flags: rec.Flags, Attrs: rec.Attrs, Dropped: rec.Dropped,
	})
	again, n, err := DecodeRecord(b)
	require.NoError(t, err)
	require.Equal(t, len(b), n)
	return again
}

func FuzzDecodeRequest(f *testing.F) {
	rec := AppendRecord(nil, httpRecord())
	f.Add(joined(AppendRequestPrefix(nil, AppendResource(nil, []slog.Attr{slog.Int("a", 1)}), "n", "v", len(rec)), rec))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if req, err := DecodeRequest(b); err != nil {
			require.Zero(t, req)
		}
	})
}

func FuzzDecodeResource(f *testing.F) {
	f.Add(AppendResource(nil, []slog.Attr{slog.Int("a", 1), slog.Any("l", []bool{true})}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if attrs, err := DecodeResource(b); err != nil {
			require.Nil(t, attrs)
		}
	})
}
