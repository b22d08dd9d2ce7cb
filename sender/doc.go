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
//   - S1 A record is acked only after a 2xx answer that covers it, or after its dead
//     letter is durable. Batches are acked in the order in which they arrive; what is
//     acked out of its turn is stored as a range, so that a restart does not send it
//     again.
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
//     batch and does not say which. Nothing of it is sent again by itself: its records
//     become dead letters, of reason partial. If the server speaks of a quota the reason
//     is quota, nothing is sent until the quota is whole again (at the time that the
//     server's settings name, or at midnight UTC), and the letters are then sent again.
//   - 429, and 503 with a Retry-After in seconds or as a date: throttled. Nothing is
//     sent before that time, at most an hour. It is not a failure. A 429 without a
//     usable time waits as long as a failure would.
//   - 408, 425, every 5xx, and every transport error (refused, reset, name lookup,
//     TLS, timeout): temporary. The same batch is sent again after 2, 4, 8 ... 60
//     seconds, each spread by 20% after the cap, for ever.
//   - 413, and a 400 whose words say the same: the batch is halved until it fits, and
//     the size that does is remembered. A record that is too large alone becomes a dead
//     letter.
//   - 400 and 422: something in the batch is not acceptable. It is halved until the
//     guilty records are known, which takes at most 2·log2(n) requests for each; only they
//     become dead letters. If most of a batch is refused, or three records in a row and
//     nothing was accepted meanwhile, it is the endpoint that is at fault: hold. A hold of
//     this kind tries a record that has nothing to do with it; if that is accepted it was
//     the records after all.
//   - 401, 402, 403, 404, 405, 415 and every other 4xx, every 3xx (redirects are not
//     followed: they could carry the key to another host), 1xx and what is no status:
//     hold. Credential, quota or address is wrong. Everything is kept, one request a
//     minute tries whether it was fixed, and delivery then resumes by itself.
//
// OTLP allows a client to repeat only 429, 502, 503, 504 and failed connections.
// [Retry].StrictOTLP keeps to that: 408, 425 and the other 5xx then hold.
//
// Without a [DeadLog] there is no place for what a server refuses: 400, 422, 413 and
// partial answers hold then, and every record is kept.
//
// # When it sends
//
// A batch is sent when FlushSize records or MaxBatchBytes are readable, or
// FlushInterval after its oldest record was admitted, or at once for [Sender.Flush].
// How many requests may be under way, and what happens after an outage, is internal/pace's
// to decide: one small probe, then a window that doubles with every round trip and halves
// when the server cannot keep up, and a pace at which a fleet of thousands that all come
// back does not bring the server down again. [Sender.Nudge] and Flush shorten a running
// backoff, never to less than its first step, and neither a server's pause nor a hold.
//
// The oldest records go first. With FreshFirst a backlog and what is logged now take
// turns.
//
// Every request, repeated ones too, is paid from token buckets for the server's
// limits on requests and records, per minute and per hour, sized so that no window of
// that length, wherever it begins, sees more than the allowed share. Limits that the
// server names are believed, and stored with the time of the last use, so that a restart
// does not use a limit twice.
//
// # How it is built
//
//	Source ─► linger ─► window ─► pace, limiter ─► post ─► outcome ─► pace
//	                      │                                   ├─► trial: halves, guilty records
//	Source ◄─ Reclaim ◄─ Save ◄─ Ack ◄────────────── delivered ┤
//	                      └──── Bury ◄─ DeadLog.Put, synced ◄──┘ refused
//
// [Sender.Run] is one goroutine, the loop, which owns all of this. An attempt is a
// goroutine of its own, of which there are at most MaxInFlight, and asking for the
// server's settings one more; Run joins them. The rest of the package starts none.
// outcome.go, trial.go, window.go, linger.go, limiter.go, learned.go and the episodes of
// report.go decide, and do no I/O.
//
// [State] is <dir>/state.db: a bbolt file with the log's identity, an [Account] for each
// destination (checkpoint, counters, learned limits) and for the dead letters, and the
// resources that records refer to. bbolt trusts the file it maps and can fail in ways that
// no recover catches, so every file is first read and checked by code of our own
// (image.go), and every value carries a checksum. A new file holds free pages, so
// that a save finds room when the disk is full; that helps on file systems that
// write in place.
//
// [DeadLog] is <dir>/dead: a log like that of the records, whose payloads are records with
// a letter behind them. One letter is kept for a record, whatever crashes in between.
package sender
