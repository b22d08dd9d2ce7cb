// Package sender delivers a log to an OTLP/HTTP server, at least once.
//
// It reads batches of stored records from a [Source], posts them, and settles in
// the log what the server took. It never decodes a record: the bytes in the log
// are the bytes on the wire.
//
// # What it promises
//
// The numbers are those of DESIGN.md; code and tests cite them.
//
//   - S1 A record is acked only after a 2xx answer that covers it. Batches are
//     acked in offset order: one that was delivered early waits for those before it.
//   - S2 Every attempt of a batch carries the same bytes, so the same record IDs
//     and times, by which a server finds duplicates. Only records that were evicted
//     from the log meanwhile are left out of a further attempt; the others keep
//     their bytes and their order.
//   - S3 One outage writes a bounded number of diagnostic lines: the first failure,
//     one line per distinct reason of a hold, and one summary at the end. Outages
//     that follow each other within a minute share their lines. No line holds a
//     key, a record, or a word of the server.
//   - W2 The acked offset only grows. What is stored may lag behind the truth,
//     which costs duplicates, and never leads, which would cost records.
//   - W5 The log may reclaim space only after the checkpoint that allows it is
//     durable.
//   - W7 A state file that cannot be read is moved to quarantine/ and kept, and a
//     new one takes its place.
//   - W8 One process owns a directory, by a kernel lock that dies with it.
//
// # What an answer means
//
//   - 2xx: delivered. The batch is acked. An answer whose protobuf body was cut
//     short is a temporary failure, because it may have said that nothing was stored.
//   - 2xx with partial_success and rejected records: the server kept some of the
//     batch and does not say which. Holds, see below.
//   - 429, and 503 with a Retry-After in seconds or as a date: throttled. Nothing is
//     sent before that time, at most an hour. It is not a failure. A 429 without a
//     usable time waits as long as a failure would.
//   - 408, 425, every 5xx, and every transport error (refused, reset, name lookup,
//     TLS, timeout): temporary. The same batch is sent again after 2, 4, 8 ... 60
//     seconds, each spread by 20% after the cap, for ever.
//   - 413: the batch is too large; 400 and 422: something in it is not acceptable.
//     Both hold, see below.
//   - 401, 402, 403, 404, 405, 415 and every other 4xx, every 3xx (redirects are not
//     followed: they could carry the key to another host), 1xx and what is no status:
//     hold. Credential, quota or address is wrong. Everything is kept, one request a
//     minute tries whether it was fixed, and delivery then resumes by itself.
//
// OTLP allows a client to repeat only 429, 502, 503, 504 and failed connections.
// [Retry].StrictOTLP keeps to that: 408, 425 and the other 5xx then hold.
//
// Partial, 413, 400 and 422 concern single records. To give up only the guilty ones
// there has to be a place for them: isolation comes with dead letters. Until then
// such an answer holds the queue, the same batch is tried once a minute, and every
// record is kept. Repeating a partially accepted batch is safe for a server that
// looks at record IDs.
//
// # When it sends
//
// A batch is sent when FlushSize records or MaxBatchBytes are readable, or
// FlushInterval after its oldest record was admitted, or at once for [Sender.Flush].
// It starts with one request at a time; every success allows one more, up to
// MaxInFlight. A failure closes the gate: nothing starts until the wait is over, and
// then the oldest batch goes alone, as a probe. Its success opens the gate for two
// requests, and so on. [Sender.Nudge] and Flush shorten a running backoff, never to
// less than its first step, and neither a server's pause nor a hold.
//
// Every request, repeated ones too, is paid from token buckets for the server's
// limits per minute and per hour, sized so that no window of that length, wherever
// it begins, sees more than the allowed share.
//
// # How it is built
//
//	Source ─► linger ─► window ─► gate, limiter ─► post ─► outcome ─► gate
//	                      │                                   │
//	Source ◄─ Reclaim ◄─ Save ◄─ Ack, in offset order ◄───────┘ delivered
//
// [Sender.Run] is one goroutine, the loop, which owns all of this. An attempt is a
// goroutine of its own, of which there are at most MaxInFlight; Run joins them. The
// rest of the package starts none. outcome.go, gate.go, window.go, linger.go,
// limiter.go and the episodes of report.go decide, and do no I/O.
//
// [State] is <dir>/state.db: a bbolt file with the log's identity, the checkpoint
// and counters of each destination (there is one, called default), and the resources
// that records refer to. bbolt trusts the file it maps and can fail in ways that no
// recover catches, so every file is first read and checked by code of our own
// (image.go), and every value carries a checksum. A new file holds free pages, so
// that a save finds room when the disk is full; that helps on file systems that
// write in place.
package sender
