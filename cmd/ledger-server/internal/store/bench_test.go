package store

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// realistic makes a record as a web service logs one for each request.
func realistic(n int) record.Record {
	return rec(n, func(r *record.Record) {
		r.ID = fmt.Sprintf("0199c0de%024x", n)
		r.Type = record.TypeEndpoint
		r.Message = "GET /users/{id} - 200 (12ms)"
		r.Endpoint = &record.Endpoint{Method: "GET", Path: "/users/{id}", StatusCode: 200, DurationMS: 12.35}
		r.TraceID = fmt.Sprintf("%032x", n)
		r.SpanID = fmt.Sprintf("%016x", n)
		r.Attributes = `{"client.address":"192.0.2.7","http.request.method":"GET","http.response.status_code":200,` +
			`"http.route":"/users/{id}","ledger.duration_ms":12.35,"ledger.log_id":"` + r.ID + `",` +
			`"ledger.log_type":"endpoint","url.path":"/users/42","user_agent.original":"curl/8.5.0"}`
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "logs.db"), Options{})
			require.NoError(b, err)
			defer s.Close()
			n := 0
			for b.Loop() {
				batch := make([]record.Record, size)
				for i := range batch {
					batch[i] = realistic(n)
					n++
				}
				_, err := s.Append(context.Background(), batch)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
