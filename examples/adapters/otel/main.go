// Command otel puts Ledger under OpenTelemetry's SDK for logs, and gives slog lines the
// trace of the span in their context.
//
//	go run ./otel
package main

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

func main() {
	serve := func(ctx context.Context, client *ledger.Client) error {
		// A span, as a tracer of the SDK would begin it.
		ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
		}))

		provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(ledgerotel.NewProcessor(client)))
		var r log.Record
		r.SetTimestamp(time.Now())
		r.SetSeverity(log.SeverityInfo)
		r.SetBody(attribute.StringValue("order placed"))
		r.AddAttributes(attribute.Int("order", 7))
		provider.Logger("shop").Emit(ctx, r)

		slog.New(client.Handler(nil)).InfoContext(ctx, "and with slog", "order", 7)
		return provider.Shutdown(ctx)
	}
	setup.Run("otel", serve, func(cfg *ledger.Config) { cfg.TraceContext = ledgerotel.TraceContext })
}
