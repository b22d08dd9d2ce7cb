// Package ledgerotel puts a [ledger.Client] under OpenTelemetry's SDK for logs, as the
// queue that the SDK has none of: one on disk.
//
//	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(ledgerotel.NewProcessor(client)))
//
// What bridges and applications emit through the provider is admitted to the client at
// once, and delivered by it: over an outage of the server, past a kill of the process.
// No batch processor belongs between them.
//
// The package also takes the trace of a record from the span in its context, for those
// who log to the client directly ([TraceContext]), and shows the client's numbers as
// OpenTelemetry metrics ([RegisterMetrics]).
//
// # Promises
//
//   - O1 When Emit of the SDK returns, the record survives the death of the process. It
//     waits neither for the network nor, unless the client's durability is SyncAlways,
//     for the disk.
//   - O2 Nothing that a server shows is lost on the way: what the client's record has no
//     field for becomes an attribute, see below.
//   - O3 The trace is that of the record, which the SDK took from the context it was
//     emitted with or a processor set. The context that it comes here with counts only
//     if the record has none.
//   - O4 The client stays the caller's. Shutdown of the provider ends the processor and
//     never the client: shut that down after the provider.
//   - O5 ForceFlush and Shutdown of the provider end when their context does, and after
//     [FlushTimeout] if it has no deadline. What is not delivered by then is on disk,
//     and the error says how much.
//   - O6 What the client does on its own account, its diagnostics and its requests, makes
//     no record. A fault is reported to the SDK once, and again only after a record was
//     admitted: an error handler that logs through the same provider does not call
//     itself for ever. The client counts every refusal, in Stats.
//
// # How a record is mapped
//
//	timestamp, else observed  the time. The time of observation is that of admission.
//	severity number           the level of slog with the same number. Without a number,
//	                          the one that the text names, or Info.
//	severity text             otel.severity_text, if it is more than the number's name.
//	body                      the message; what is no string, as JSON. Of a record without
//	                          body the message is that of its exception or its event name.
//	attributes                the same; maps become dotted keys, in lists JSON.
//	exception.stacktrace      the same; Go's form is rewritten to that which errors are
//	                          grouped by. With exception.* the record is an exception.
//	event name, trace         the same. A trace without span is the attribute trace_id.
//	scope                     otel.scope.name, otel.scope.version, otel.scope.schema_url
//	                          and otel.scope.<attribute>.
//	dropped attributes        otel.dropped_attributes_count.
//
// # Resources
//
// A client delivers its records with the resource of its own configuration. Give it the
// one that the provider has, and say so to the processor:
//
//	ledger.Open(ledger.Config{Resource: ledgerotel.Resource(res), ...})
//	ledgerotel.NewProcessor(client, ledgerotel.WithResource(res))
//
// What the provider's resource says beyond that one, and beyond the environment, which
// every client reads, is written on every record. So nothing is lost without
// [WithResource]; it only takes room. The defaults of the SDK (a service.name of
// unknown_service, telemetry.sdk.*) are left out there.
package ledgerotel
