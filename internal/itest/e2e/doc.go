// Package e2e proves delivery against a server that is not ours: a real
// OpenTelemetry Collector with its official OTLP receiver. It has tests only.
//
// The Collector runs as a process of its own, this test binary started once more, so
// that it can be stopped, killed and started again on the same port. Its exporter
// writes every record that it gets to a file before the receiver answers. The service
// under test is examples/service, built as a user would build it, and killed with
// SIGKILL.
//
// What is shown:
//
//   - What was synced when the service was killed arrives, whatever the server did
//     meanwhile (W3). With durability always, every request that was answered does.
//   - A record that is sent twice has the same ID, time and content both times (S2).
//   - With one request in flight records arrive in the order in which they were logged.
//   - The official receiver takes the bytes, plain and compressed.
//   - Its limit on a request, which it answers with 400, is found out by halving, and
//     kept to from then on. A record that is too large by itself becomes a dead letter,
//     which is delivered when the limit has been raised.
//   - After an outage that was too long the newest records arrive, and the statistics
//     say exactly how many were evicted (L2).
package e2e
