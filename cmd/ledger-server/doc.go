// Ledger-server is a small Ledger server: it takes log records by OTLP over
// HTTP, keeps them in one SQLite file and answers searches over them. It stands
// where the Ledger platform's server stands, for local use, demos and tests.
//
// A record that it answered 200 for is on the disk: it survives kill -9 and a
// power cut. A record that arrives twice is stored once, and counted.
//
// Run it without arguments and it listens on 127.0.0.1:4318, where every OTLP
// exporter looks first. See the README for routes, flags and limits.
//
// The program is laid out by the way of a record: internal/ingest takes it,
// internal/store keeps it, internal/query shows it, internal/record says what it
// is, and internal/server puts the routes together. This package has only what a
// process needs: flags, listening, signals.
package main
