package otlpconf

import (
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// maxDepth is what DecodeRecord must read at least.
const maxDepth = 32

// FuzzOfficialAgrees feeds any bytes to the official decoder. What it accepts, and
// writes again, we must read as the same record.
func FuzzOfficialAgrees(f *testing.F) {
	f.Add(otlp.AppendRecord(nil, &otlp.Record{Time: 1, Body: "b", Attrs: []slog.Attr{
		slog.Int("i", 1), slog.Any("l", []any{"a", 1.5, true, []byte{1}}), slog.String("s", "é"),
	}}))
	f.Add(otlp.AppendRecord(nil, &otlp.Record{TraceID: [16]byte{1}, SpanID: [8]byte{1}, Flags: 1, Dropped: 3, EventName: "e"}))
	f.Add([]byte{0x12, 0x08, 0x2a, 0x06, 0x32, 0x04, 0x0a, 0x02, 0x0a, 0x00}) // a map in the body
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, ourErr := otlp.DecodeRecord(b)
		var scope logs.ScopeLogs
		if proto.Unmarshal(b, &scope) != nil {
			return // stricter than we are: invalid UTF-8, for one
		}
		for _, rec := range scope.LogRecords {
			if depth(rec) > maxDepth {
				return
			}
			one, err := proto.Marshal(&logs.ScopeLogs{LogRecords: []*logs.LogRecord{rec}})
			require.NoError(t, err)
			got, n, err := otlp.DecodeRecord(one)
			require.NoError(t, err)
			require.Equal(t, len(one), n)
			assertSame(t, decoded(rec), got)
		}
		if len(b) > 0 && b[0] == 0x12 {
			require.NoError(t, ourErr, "the official decoder accepts it")
		}
	})
}

// FuzzOfficialReads feeds any values to our encoder. The official decoder must
// accept the result and agree with our decoder about it.
func FuzzOfficialReads(f *testing.F) {
	f.Add("body", "key", "value", int64(1), uint64(2), 1.5, true, []byte{1})
	f.Add("\x00\xff", "\xed\xa0\x80", "\xc3(", int64(math.MinInt64), uint64(math.MaxUint64), math.NaN(), false, []byte{})
	f.Fuzz(func(t *testing.T, body, key, s string, i int64, u uint64, fl float64, ok bool, b []byte) {
		rec := &otlp.Record{
			Time: i, Observed: int64(u), Severity: int(i % 25), SeverityText: s, Body: body, EventName: key,
			Flags: uint32(u), Dropped: uint32(i), Attrs: []slog.Attr{
				slog.String(key, s), slog.Int64(key+"i", i), slog.Uint64(s, u), slog.Float64("f", fl), slog.Bool("b", ok),
				slog.Any("bytes", b), slog.Duration("d", time.Duration(i)), slog.Time("t", time.Unix(i%1e11, 0)),
				slog.Group(key, slog.String(s, body), slog.Any("l", []any{s, i, u, fl, ok, b, []string{s, key}})),
			},
		}
		copy(rec.TraceID[:], s)
		copy(rec.SpanID[:], key)
		encoded := otlp.AppendRecord(nil, rec)
		got, n, err := otlp.DecodeRecord(encoded)
		require.NoError(t, err)
		require.Equal(t, len(encoded), n)
		assertSame(t, decoded(official(t, encoded)), got)

		keys := map[string]bool{}
		for _, a := range got.Attrs {
			require.False(t, keys[a.Key], "%q occurs twice", a.Key)
			keys[a.Key] = true
		}
	})
}

// assertSame compares records; NaN equals NaN here.
func assertSame(t *testing.T, want, got otlp.DecodedRecord) {
	t.Helper()
	assert.Equal(t, noNaN(want.Body), noNaN(got.Body))
	want.Body, got.Body = nil, nil
	require.Len(t, got.Attrs, len(want.Attrs))
	for i := range want.Attrs {
		assert.Equal(t, want.Attrs[i].Key, got.Attrs[i].Key)
		assert.Equal(t, noNaN(want.Attrs[i].Value.Any()), noNaN(got.Attrs[i].Value.Any()))
	}
	want.Attrs, got.Attrs = nil, nil
	assert.Equal(t, want, got)
}

func noNaN(v any) any {
	switch v := v.(type) {
	case float64:
		return math.Float64bits(v)
	case []any:
		for i := range v {
			v[i] = noNaN(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = noNaN(v[k])
		}
	}
	return v
}
