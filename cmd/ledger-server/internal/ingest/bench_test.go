package ingest

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkDecode takes a batch of a thousand rich records all the way but to
// the disk.
func BenchmarkDecode(b *testing.B) {
	logs := many(1000)
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	template := rich().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	for i := range records.Len() {
		template.CopyTo(records.At(i))
		records.At(i).Attributes().PutStr("ledger.log_id", fmt.Sprintf("%032x", i))
	}
	for _, m := range []media{protobuf, jsonText} {
		b.Run(string(m), func(b *testing.B) {
			body := zip(b, marshal(b, m, logs))
			h, _ := newTest(Config{})
			b.ReportAllocs()
			for b.Loop() {
				h.store.(*memory).records = nil
				resp := post(h, m, bytes.NewReader(body), "Content-Encoding", "gzip")
				require.Equal(b, http.StatusOK, resp.StatusCode)
			}
			b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
