package ledgerotel_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"

	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

// captured keeps the record that the SDK makes, to be handed to processors.
type captured struct{ record *sdklog.Record }

func (captured) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (captured) Shutdown(context.Context) error                         { return nil }
func (captured) ForceFlush(context.Context) error                       { return nil }
func (c captured) OnEmit(_ context.Context, r *sdklog.Record) error {
	*c.record = r.Clone()
	return nil
}

func typical(ctx context.Context, provider *sdklog.LoggerProvider) {
	var r log.Record
	r.SetTimestamp(time.Now())
	r.SetSeverity(log.SeverityInfo)
	r.SetSeverityText("INFO")
	r.SetBody(attribute.StringValue("order paid"))
	r.AddAttributes(attribute.String("order.id", "7f3c"), attribute.Int("items", 3), attribute.Float64("total", 41.5),
		attribute.Bool("gift", false), attribute.String("currency", "EUR"))
	provider.Logger("shop/checkout").Emit(ctx, r)
}

type discard struct{}

func (discard) Export(context.Context, []sdklog.Record) error { return nil }
func (discard) Shutdown(context.Context) error                { return nil }
func (discard) ForceFlush(context.Context) error              { return nil }

// accepting is a server that does not look.
type accepting struct{}

func (accepting) RoundTrip(req *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, req.Body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req, Body: http.NoBody}, errors.Join(err, req.Body.Close())
}

// BenchmarkOnEmit compares what a caller pays for a record to be queued: on our ring,
// where it survives a kill, and in the memory of the SDK's batch processor.
func BenchmarkOnEmit(b *testing.B) {
	for _, name := range []string{"without trace", "with trace"} {
		ctx := context.Background()
		if name == "with trace" {
			ctx = trace.ContextWithSpanContext(ctx, span(1))
		}
		var record sdklog.Record
		typical(ctx, sdklog.NewLoggerProvider(sdklog.WithProcessor(captured{&record})))
		run := func(b *testing.B, p sdklog.Processor) {
			b.Helper()
			b.ReportAllocs()
			for b.Loop() {
				if err := p.OnEmit(ctx, &record); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run("ledger/"+name, func(b *testing.B) {
			cfg := new(server).config(b)
			cfg.RingBytes, cfg.HTTPClient.Transport = 16<<20, accepting{}
			run(b, ledgerotel.NewProcessor(open(b, cfg)))
		})
		b.Run("sdk batch/"+name, func(b *testing.B) {
			p := sdklog.NewBatchProcessor(discard{})
			b.Cleanup(func() { _ = p.Shutdown(context.Background()) })
			run(b, p)
		})
	}
}
