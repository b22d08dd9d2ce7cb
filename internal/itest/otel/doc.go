// Package otel runs the official OpenTelemetry SDK for logs over an outage of the server
// and a SIGKILL, twice: with the OTLP exporter behind the SDK's batch processor, and with
// ours in their place. It counts, by the id of each record, what arrived in the end.
//
//	go test -v -run TestAnOutage .
//
// prints the table. It is a module of its own so that those who import the processor do
// not get the exporter in their go.sum.
package otel
