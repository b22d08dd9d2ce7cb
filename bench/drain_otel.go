package main

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
)

// otelDrain is the pipeline of OpenTelemetry: batch processor and OTLP/HTTP exporter,
// with a queue that has room for everything.
type otelDrain struct {
	batch    int
	compress bool
}

func (v otelDrain) open(ctx context.Context, d drain, h *hold) (*sdklog.LoggerProvider, error) {
	compression := otlploghttp.NoCompression
	if v.compress {
		compression = otlploghttp.GzipCompression
	}
	exporter, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(d.url+"/v1/logs"),
		otlploghttp.WithCompression(compression), otlploghttp.WithHTTPClient(h.client()))
	if err != nil {
		return nil, err
	}
	return sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter,
		sdklog.WithMaxQueueSize(d.n), sdklog.WithExportMaxBatchSize(v.batch)))), nil
}

// backlog is the export alone, of what waits in memory. Shutdown is the fastest way to
// deliver it: it takes the queue once, and ends the goroutine that looks at the queue
// all the time while the exporter is busy. ForceFlush copies the queue for as long.
func (v otelDrain) backlog(ctx context.Context, d drain) (effort, error) {
	h := newHold()
	p, err := v.open(ctx, d, h)
	if err != nil {
		return effort{}, err
	}
	emitAll(ctx, p, newSample(), d.n)
	<-h.waiting
	m := startMeter()
	h.release()
	err = p.Shutdown(ctx)
	return m.stop(), err
}

// whole is the way of every record from the call on.
func (v otelDrain) whole(ctx context.Context, d drain) (effort, error) {
	h := newHold()
	h.release()
	p, err := v.open(ctx, d, h)
	if err != nil {
		return effort{}, err
	}
	s := newSample()
	m := startMeter()
	emitAll(ctx, p, s, d.n)
	err = p.Shutdown(ctx)
	return m.stop(), err
}

func emitAll(ctx context.Context, p *sdklog.LoggerProvider, s *sample, n int) {
	log := p.Logger("bench")
	var a [5]slog.Attr
	var kvs [len(a)]attribute.KeyValue
	for i := range n {
		for j, attr := range s.attrs(&a, i) {
			kvs[j] = attribute.KeyValue{Key: attribute.Key(attr.Key), Value: otelValue(attr.Value)}
		}
		var r otellog.Record
		r.SetTimestamp(time.Now())
		r.SetSeverity(otellog.SeverityInfo)
		r.SetBody(attribute.StringValue(s.message(i)))
		r.AddAttributes(kvs[:]...)
		log.Emit(ctx, r)
	}
}
