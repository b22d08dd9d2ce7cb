package sender

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

func BenchmarkBody(b *testing.B) {
	for _, compression := range []string{CompressionNone, CompressionGzip} {
		b.Run(compression, func(b *testing.B) {
			batch, cfg := batchOf(1000), &Config{Compression: compression}
			var u builder
			b.SetBytes(int64(len(batch.Data)))
			b.ReportAllocs()
			for b.Loop() {
				body, err := u.build(batch, nil, cfg)
				require.NoError(b, err)
				u.retire(body)
			}
		})
	}
}

func BenchmarkSave(b *testing.B) {
	s, err := OpenState(b.TempDir())
	require.NoError(b, err)
	defer s.Close()
	head := wal.Offset(0)
	for b.Loop() {
		head++
		require.NoError(b, s.Account("default").Save(settled(s, head), Counters{Requests: 1, Bytes: 1000}))
	}
}

// BenchmarkDrain sends batches of 1000 records to a server that costs nothing,
// with acks that are saved.
func BenchmarkDrain(b *testing.B) {
	state, err := OpenState(b.TempDir())
	require.NoError(b, err)
	defer state.Close()
	require.NoError(b, state.SetEpoch(7))
	server := roundTrip(func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, r.Body.Close()
	})
	log := newFakeLog(b)
	log.addSized(1000*b.N, 300, 1)
	s, err := New(log, state.Account(DefaultDestination), Config{
		URL: "http://h", HTTPClient: &http.Client{Transport: server},
		RateLimit: RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
	})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	b.ReportAllocs()
	b.ResetTimer()
	var run sync.WaitGroup
	run.Go(func() { _ = s.Run(ctx) })
	require.NoError(b, s.Flush(b.Context(), wal.Offset(1000*b.N)))
	b.StopTimer()
	cancel()
	run.Wait()
}
