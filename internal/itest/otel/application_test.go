package otel

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

// What this program does instead of testing.
const (
	pipelineEnv = "LEDGER_OTEL_PIPELINE"
	dirEnv      = "LEDGER_OTEL_DIR"
	urlEnv      = "LEDGER_OTEL_URL"
)

// The pipelines. What they send waits a second for more to go with, as is the SDK's
// default; all else is as their libraries have it.
const (
	official = "otlploghttp"
	durable  = "ledgerotel"
)

// grace is how long an application waits for its logs when it ends.
const grace = 10 * time.Second

// application is a service that logs with the official SDK. Its standard input says what
// it does next: "emit n" records, or "end". It prints the id of each record that Emit took.
func application(pipeline string) error {
	processor, closer, err := open(pipeline)
	if err != nil {
		return err
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(processor))
	logger := provider.Logger("itest")
	id := 0
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var n int
		if _, err := fmt.Sscanf(in.Text(), "emit %d", &n); err != nil {
			break
		}
		for range n {
			var r log.Record
			r.SetSeverity(log.SeverityInfo)
			r.SetBody(attribute.StringValue("order paid"))
			r.AddAttributes(attribute.Int("id", id))
			logger.Emit(context.Background(), r)
			fmt.Println(id)
			if id++; id%4 == 0 {
				<-pace.C // Four thousand a second.
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := provider.Shutdown(ctx); err != nil {
		return err
	}
	return closer(ctx)
}

// open returns a pipeline, and what closes what Shutdown of the provider does not.
func open(pipeline string) (sdklog.Processor, func(context.Context) error, error) {
	if pipeline == durable {
		client, err := ledger.Open(ledger.Config{
			Dir: os.Getenv(dirEnv), Endpoint: os.Getenv(urlEnv), ServiceName: "itest", FlushInterval: time.Second,
		})
		if err != nil {
			return nil, nil, err
		}
		return ledgerotel.NewProcessor(client), client.Shutdown, nil
	}
	exporter, err := otlploghttp.New(context.Background(), otlploghttp.WithEndpointURL(os.Getenv(urlEnv)+"/v1/logs"))
	if err != nil {
		return nil, nil, err
	}
	return sdklog.NewBatchProcessor(exporter), func(context.Context) error { return nil }, nil
}
