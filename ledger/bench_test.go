package ledger_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// BenchmarkLog is the cost of a log call to its caller: encoding, framing and
// admission of the record of an HTTP request, while the background spills, syncs
// and posts to a server that refuses.
func BenchmarkLog(b *testing.B) {
	attrs := []slog.Attr{
		slog.String("http.request.method", "GET"), slog.String("http.route", "/orders/{id}"),
		slog.String("url.path", "/orders/1234567"), slog.Int("http.response.status_code", 200),
		slog.Float64("ledger.duration_ms", 12.34), slog.String("network.peer.address", "192.0.2.17"),
		slog.String("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
		slog.String("request.id", "0198f1f0a7e97c4e8e6f2d1c0b9a8765"), slog.Int64("http.response.body.size", 5120),
		slog.String("network.protocol.version", "1.1"),
	}
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("g%d", goroutines), func(b *testing.B) {
			c, err := ledger.Open(ledger.Config{
				Dir: b.TempDir(), Endpoint: "http://127.0.0.1:1", MaxRecords: 100_000,
				HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					return nil, http.ErrServerClosed
				})},
			})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			b.SetParallelism(max(goroutines/2, 1))
			b.ReportAllocs()
			start := time.Now()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_ = c.Log(b.Context(), ledger.Record{Message: "GET /orders/{id} 200", Type: ledger.TypeEndpoint, Attrs: attrs})
				}
			})
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "records/s")
		})
	}
}
