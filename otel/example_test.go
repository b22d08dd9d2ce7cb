package ledgerotel_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

// example opens a client for the examples. An application names a directory that
// outlives it, and its log server.
func example(edit func(*ledger.Config)) (client *ledger.Client, clean func()) {
	dir, err := os.MkdirTemp("", "ledger-example-*")
	if err != nil {
		panic(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	cfg := ledger.Config{Dir: dir, Endpoint: srv.URL, ServiceName: "shop"}
	edit(&cfg)
	client, err = ledger.Open(cfg)
	if err != nil {
		panic(err)
	}
	return client, func() {
		_ = client.Close()
		srv.Close()
		_ = os.RemoveAll(dir)
	}
}

func Example() {
	client, clean := example(func(*ledger.Config) {})
	defer clean()

	// The one line: our processor where a batch processor and an exporter were.
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(ledgerotel.NewProcessor(client)))

	var r log.Record
	r.SetSeverity(log.SeverityInfo)
	r.SetBody(attribute.StringValue("order paid"))
	r.AddAttributes(attribute.Int("order", 42))
	provider.Logger("shop/checkout").Emit(context.Background(), r)
	fmt.Println("admitted", client.Stats().Accepted)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(provider.Shutdown(ctx), client.Shutdown(ctx)) // In this order.
	fmt.Println("delivered", client.Stats().Delivered)
	// Output:
	// admitted 1
	// <nil> <nil>
	// delivered 1
}

// The client delivers with the resource that the provider has, once per request instead
// of on every record.
func ExampleResource() {
	res := resource.NewSchemaless(attribute.String("service.name", "checkout"), attribute.String("k8s.pod.name", "checkout-7"))

	client, clean := example(func(cfg *ledger.Config) { cfg.Resource = ledgerotel.Resource(res) })
	defer clean()
	provider := sdklog.NewLoggerProvider(
		sdklog.WithResource(res),
		sdklog.WithProcessor(ledgerotel.NewProcessor(client, ledgerotel.WithResource(res))),
	)
	provider.Logger("shop/checkout").Emit(context.Background(), log.Record{})
	fmt.Println("admitted", client.Stats().Accepted)
	// Output: admitted 1
}

// Who logs with slog and traces with OpenTelemetry needs no SDK for logs: the client's
// handler takes the trace from the span.
func ExampleTraceContext() {
	client, clean := example(func(cfg *ledger.Config) {
		cfg.TraceContext = ledgerotel.TraceContext
		cfg.BeforeSend = func(ctx context.Context, r *ledger.Record) bool {
			tc, _ := ledgerotel.TraceContext(ctx)
			fmt.Printf("%s trace=%x span=%x\n", r.Message, tc.TraceID, tc.SpanID)
			return true
		}
	})
	defer clean()

	// What a tracing middleware does for each request.
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0: 0x4b, 15: 0x36}, SpanID: trace.SpanID{7: 0x0b}, TraceFlags: trace.FlagsSampled,
	}))
	slog.New(client.Handler(nil)).InfoContext(ctx, "order paid", "order", 42)
	// Output: order paid trace=4b000000000000000000000000000036 span=000000000000000b
}

func ExampleRegisterMetrics() {
	client, clean := example(func(*ledger.Config) {})
	defer clean()
	reader := sdkmetric.NewManualReader() // An application has a periodic one.
	registration, err := ledgerotel.RegisterMetrics(client, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = registration.Unregister() }()

	_ = client.Log(context.Background(), ledger.Record{Message: "order paid"})
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "otel.sdk.processor.log.queue.size" {
			fmt.Println(m.Name, sum.DataPoints[0].Value)
		}
	}
	// Output: otel.sdk.processor.log.queue.size 1
}

// For a processor of the SDK that wants an exporter. A batch processor would hold records
// in memory, where a kill takes them.
func ExampleNewExporter() {
	client, clean := example(func(*ledger.Config) {})
	defer clean()
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(ledgerotel.NewExporter(client))))
	provider.Logger("shop/checkout").Emit(context.Background(), log.Record{})
	fmt.Println("admitted", client.Stats().Accepted)
	// Output: admitted 1
}
