package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// captureTable: the record of an HTTP request with ten attributes, from the call
// until it returns. Nobody receives: what a server or its absence costs is not the
// caller's. Queues are large enough to keep every record.
func captureTable() table {
	return table{
		name: "capture", title: "one log call, encoding included", goroutines: []int{1, 8, 64}, n: 50_000,
		variants: []variant{
			{"OTel sdk/log, batch processor", "nothing", captureOTel},
			{"ledger", "everything", captureLedger},
			{"slog JSON, discarded", "nothing", captureSlog},
			{"zap JSON, buffered file", "what was flushed", captureZap},
		},
	}
}

const message = "GET /orders/{id} 200"

func attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("http.request.method", "GET"), slog.String("http.route", "/orders/{id}"),
		slog.String("url.path", "/orders/1234567"), slog.Int("http.response.status_code", 200),
		slog.Float64("ledger.duration_ms", 12.34), slog.String("network.peer.address", "192.0.2.17"),
		slog.String("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
		slog.String("request.id", "0198f1f0a7e97c4e8e6f2d1c0b9a8765"),
		slog.Int64("http.response.body.size", 5120), slog.String("network.protocol.version", "1.1"),
	}
}

// spread does f n times on g goroutines and returns how long that took.
func spread(g, n int, f func()) time.Duration {
	var all sync.WaitGroup
	start := time.Now()
	for i := range g {
		all.Go(func() {
			for range n/g + min(1, max(0, n%g-i)) {
				f()
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// warm does f n times before anything is measured.
func warm(n int, f func()) {
	for range n {
		f()
	}
}

func captureLedger(dir string, g, n int) (time.Duration, error) {
	c, err := ledger.Open(ledger.Config{
		Dir: filepath.Join(dir, "ledger"), Endpoint: "http://127.0.0.1:1", MaxRecords: 4 * n, RingBytes: 64 << 20,
		HTTPClient: &http.Client{Transport: refuse{}},
	})
	if err != nil {
		return 0, err
	}
	ctx, a := context.Background(), attrs()
	log := func() { _ = c.Log(ctx, ledger.Record{Message: message, Type: ledger.TypeEndpoint, Attrs: a}) }
	warm(2*n, log) // The memory of the ring is not touched for the first time in what is measured.
	if err := c.Sync(ctx); err != nil {
		return 0, err
	}
	took := spread(g, n, log)
	if s := c.Stats(); s.Evicted > 0 {
		return 0, fmt.Errorf("%d records evicted", s.Evicted)
	}
	return took, c.Close()
}

// refuse is a server that cannot be reached.
type refuse struct{}

func (refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }

func captureSlog(_ string, g, n int) (time.Duration, error) {
	h := slog.NewJSONHandler(discard{}, nil)
	ctx, a, log := context.Background(), attrs(), slog.New(h)
	call := func() { log.LogAttrs(ctx, slog.LevelInfo, message, a...) }
	warm(n, call)
	return spread(g, n, call), nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func captureZap(dir string, g, n int) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // What it holds is not looked at.
	log, fields, buffered := zapLogger(f)
	call := func() { log.Info(message, fields...) }
	warm(n, call)
	took := spread(g, n, call)
	return took, buffered.Stop()
}

func captureOTel(_ string, g, n int) (time.Duration, error) {
	p := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(nowhere{}, sdklog.WithMaxQueueSize(2*n))))
	log := p.Logger("bench")
	var kvs []attribute.KeyValue
	for _, a := range attrs() {
		kvs = append(kvs, attribute.KeyValue{Key: attribute.Key(a.Key), Value: otelValue(a.Value)})
	}
	ctx := context.Background()
	call := func() {
		var r otellog.Record
		r.SetTimestamp(time.Now())
		r.SetSeverity(otellog.SeverityInfo)
		r.SetBody(attribute.StringValue(message))
		r.AddAttributes(kvs...)
		log.Emit(ctx, r)
	}
	warm(n, call)
	took := spread(g, n, call)
	return took, p.Shutdown(ctx)
}

func otelValue(v slog.Value) attribute.Value {
	switch v.Kind() {
	case slog.KindInt64:
		return attribute.Int64Value(v.Int64())
	case slog.KindFloat64:
		return attribute.Float64Value(v.Float64())
	default:
		return attribute.StringValue(v.String())
	}
}

// nowhere is an exporter that takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Export(context.Context, []sdklog.Record) error { return nil }
func (nowhere) Shutdown(context.Context) error                { return nil }
func (nowhere) ForceFlush(context.Context) error              { return nil }
