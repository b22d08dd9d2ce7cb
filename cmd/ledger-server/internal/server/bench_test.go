package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

// requestLogs makes a compressed request of n records, as a web service logs one
// for each request it handles. No two batches have a record in common.
func requestLogs(b *testing.B, batch, n int) []byte {
	b.Helper()
	l := plog.NewLogs()
	rl := l.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "shop")
	rl.Resource().Attributes().PutStr("service.version", "1.4.2")
	rl.Resource().Attributes().PutStr("deployment.environment.name", "production")
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i := range n {
		seq := batch*n + i
		lr := records.AppendEmpty()
		lr.SetTimestamp(1_752_143_999_000_000_000 + 1_000_000*pcommon.Timestamp(seq))
		lr.SetSeverityNumber(plog.SeverityNumberInfo)
		lr.Body().SetStr(fmt.Sprintf("GET /users/{id} - 200 (%dms)", seq%90))
		lr.SetTraceID([16]byte{0xab, 12: byte(seq >> 24), 13: byte(seq >> 16), 14: byte(seq >> 8), 15: byte(seq)})
		lr.SetSpanID([8]byte{0xcd, 6: byte(seq >> 8), 7: byte(seq)})
		a := lr.Attributes()
		a.PutStr("ledger.log_id", fmt.Sprintf("0197f0a1%024x", seq))
		a.PutStr("ledger.log_type", "endpoint")
		a.PutStr("http.request.method", "GET")
		a.PutStr("http.route", "/users/{id}")
		a.PutInt("http.response.status_code", 200)
		a.PutDouble("ledger.duration_ms", float64(seq%90)+0.25)
		a.PutStr("url.path", fmt.Sprintf("/users/%d", seq%5000))
		a.PutStr("client.address", "192.0.2.7")
		a.PutStr("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)")
	}
	body, err := plogotlp.NewExportRequestFromLogs(l).MarshalProto()
	require.NoError(b, err)
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	require.NoError(b, err)
	_, err = z.Write(body)
	require.NoError(b, err)
	require.NoError(b, z.Close())
	return out.Bytes()
}

// BenchmarkIngest is the rate at which one client, or several, get records onto
// the disk: over TCP, compressed, each answer waited for.
func BenchmarkIngest(b *testing.B) {
	for _, size := range []int{1, 1000} {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("batch=%d/clients=%d", size, clients), func(b *testing.B) {
				st, err := store.Open(filepath.Join(b.TempDir(), "logs.db"), store.Options{})
				require.NoError(b, err)
				srv := httptest.NewServer(New(Config{Store: st, Logger: slog.New(slog.DiscardHandler)}))
				bodies := make([][]byte, b.N)
				for i := range bodies {
					bodies[i] = requestLogs(b, i, size)
				}
				work := make(chan []byte)
				b.ResetTimer()
				done := make(chan struct{})
				for range clients {
					go func() {
						defer func() { done <- struct{}{} }()
						c := &http.Client{Transport: &http.Transport{}}
						defer c.CloseIdleConnections()
						for body := range work {
							sendOne(b, c, srv.URL, body)
						}
					}()
				}
				for _, body := range bodies {
					work <- body
				}
				close(work)
				for range clients {
					<-done
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "records/s")
				stats, err := st.Stats(b.Context())
				require.NoError(b, err)
				require.EqualValues(b, b.N*size, stats.Records)
				srv.Close()
				require.NoError(b, st.Close())
			})
		}
	}
}

func sendOne(b *testing.B, c *http.Client, url string, body []byte) {
	r, err := http.NewRequest(http.MethodPost, url+"/v1/logs", bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("Content-Encoding", "gzip")
	resp, err := c.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Error(resp.Status)
	}
}
