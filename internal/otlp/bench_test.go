package otlp

import (
	"log/slog"
	"testing"
	"time"
)

// httpRecord is what the middleware logs for one request: ten attributes.
func httpRecord() *Record {
	return &Record{
		Time: 1764000000123456789, Observed: 1764000000123460000,
		Severity: 9, SeverityText: "INFO", Body: "GET /users/{id} 200",
		TraceID: [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		SpanID:  [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, Flags: 1,
		Attrs: []slog.Attr{
			slog.String("http.request.method", "GET"),
			slog.String("http.route", "/users/{id}"),
			slog.String("url.path", "/users/4711"),
			slog.Int("http.response.status_code", 200),
			slog.Float64("ledger.duration_ms", 12.35),
			slog.String("network.peer.address", "203.0.113.7"),
			slog.String("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
			slog.Int("http.response.body.size", 1532),
			slog.String("ledger.log_type", "endpoint"),
			slog.String("ledger.log_id", "0199a2b3c4d57e6f8a9b0c1d2e3f4a5b"),
		},
	}
}

func BenchmarkAppendRecord(b *testing.B) {
	plain := httpRecord()
	flat := httpRecord()
	flat.Flat = true
	grouped := httpRecord()
	grouped.Attrs = append(grouped.Attrs, slog.Group("user", slog.Int("id", 7), slog.String("role", "admin")))
	typed := httpRecord()
	typed.Attrs = append(typed.Attrs, slog.Duration("d", time.Second), slog.Time("t", time.Unix(1764000000, 1)),
		slog.Any("list", []string{"a", "b", "c"}))
	for _, bc := range []struct {
		name string
		rec  *Record
	}{{"http10", plain}, {"http10flat", flat}, {"group", grouped}, {"typed", typed}} {
		b.Run(bc.name, func(b *testing.B) {
			buf := AppendRecord(nil, bc.rec)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendRecord(buf[:0], bc.rec)
			}
		})
	}
}

func BenchmarkDecodeRecord(b *testing.B) {
	buf := AppendRecord(nil, httpRecord())
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := DecodeRecord(buf); err != nil {
			b.Fatal(err)
		}
	}
}
