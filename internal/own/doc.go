// Package own marks what the library does on its own account: its diagnostics and its
// requests to the server. Whoever would make a record of such a thing leaves it out.
// Otherwise an HTTP client that logs its requests to the client whose batches it
// carries would give that client something to send for ever (S3).
package own
