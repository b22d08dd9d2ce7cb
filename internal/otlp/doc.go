// Package otlp turns log records into OTLP protobuf bytes, and such bytes back
// into plain Go values.
//
// It is written on protowire alone: the generated OTLP types cost megabytes of
// binary and a handful of modules, and a shipper needs one message of them.
// Their behaviour is the oracle in internal/itest/otlpconf, not a dependency.
//
// # One encoding
//
// A record is encoded once, when it is logged, and the bytes on disk are the
// bytes on the wire:
//
//	ExportLogsServiceRequest
//	  1 ResourceLogs ─┐
//	      1 Resource  │ AppendRequestPrefix, once for each request
//	      2 ScopeLogs │
//	          1 scope ┘
//	          2 LogRecord ─ AppendRecord, once for each record, tag and length
//	          2 LogRecord   included, so that stored records concatenate
//
// Everything a record needs stands before the first record, so a request is a
// prefix followed by stored bytes, untouched.
//
// # What is promised
//
//   - E1: AppendRecord does not allocate for attributes of plain kinds outside of
//     groups, up to 32 of them, or any number that is Flat; it only grows dst.
//   - E2: Whatever the application logs, the result is a valid message: UTF-8 is
//     repaired, NUL is removed (one NUL poisons a whole batch in servers that
//     store text in PostgreSQL), NaN and infinities become text.
//   - E3: A key occurs once in a record; the last value given to it wins.
//   - E4: Code of the application that runs while its values are encoded
//     (LogValue, Error, MarshalText, MarshalJSON, String) cannot take the program
//     down by panicking, nor hold it by nesting without end.
//   - E5: No decoder panics, recurses without bound, or holds memory out of
//     proportion to its input. What it returns shares no memory with its input.
//
// Functions of this package keep no state and may be called concurrently.
package otlp
