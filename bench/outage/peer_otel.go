package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"
)

func otelPeer() peer {
	return peer{
		name:    "OpenTelemetry sdk/log",
		modules: []string{"go.opentelemetry.io/otel/sdk/log", "go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"},
		note:    "2,048 records wait in memory, then the oldest go",
		wire:    otlpWire(),
		open: func(j job) (logger, error) {
			exporter, err := otlploghttp.New(context.Background(), otlploghttp.WithEndpointURL(j.Endpoint+"/v1/logs"))
			if err != nil {
				return logger{}, err
			}
			provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
			log := provider.Logger("outage")
			var keyValues []attribute.KeyValue
			for _, a := range attrs() {
				keyValues = append(keyValues, attribute.String(a.Key, a.Value.String()))
			}
			return logger{
				log: func(message string) error {
					var r otellog.Record
					r.SetTimestamp(time.Now())
					r.SetSeverity(otellog.SeverityInfo)
					r.SetBody(attribute.StringValue(message))
					r.AddAttributes(keyValues...)
					log.Emit(context.Background(), r)
					return nil
				},
				shutdown: provider.Shutdown,
			}, nil
		},
	}
}

// otlpWire reads what OTLP clients send. The official types share no code with the
// encoder of this library. LogsData has the wire form of an export request.
func otlpWire() wire {
	return wire{contentType: "application/x-protobuf", messages: func(body []byte) ([]string, error) {
		var data logspb.LogsData
		if err := proto.Unmarshal(body, &data); err != nil {
			return nil, err
		}
		var all []string
		for _, resource := range data.GetResourceLogs() {
			for _, scope := range resource.GetScopeLogs() {
				for _, record := range scope.GetLogRecords() {
					all = append(all, record.GetBody().GetStringValue())
				}
			}
		}
		return all, nil
	}}
}
