// Package ledger ships an application's log records to a log server, at least once
// each, through whatever happens to the network, the server, the disk and the
// process on the way. It is what an application imports.
//
//	client, err := ledger.Open(ledger.Config{Dir: "/var/lib/shop/ledger", Endpoint: "https://logs.example.com"})
//	...
//	defer client.Shutdown(ctx)
//	log := slog.New(client.Handler(nil))
//
// # What it promises
//
// The numbers are those of the design; code and tests cite them. W1 to W8 are kept by
// package wal and by the ring, S1 to S3 by package sender; what the client adds:
//
//   - W3 After Log returns nil the record survives the death of the process; after
//     Sync returns nil, a power cut. Under SyncAlways, Log gives the second promise.
//   - W8 One process per directory. The second gets an error that names the
//     directory and its holder.
//   - L1 Log never waits for the disk, unless under SyncAlways, and never for the
//     network. A fault of either never reaches the caller.
//   - L2 Accepted = Delivered + Pending + Dead + Evicted + Lost, at every instant and
//     across restarts. Calls that were refused returned an error and are counted
//     apart.
//
// # How
//
//	Log ─► scrubbing, BeforeSend, limits ─► OTLP bytes ─► ring ──┐ the caller's goroutine
//	                                                             │
//	                     spill loop: ring ─► wal ─► fsync ◄──────┘ one goroutine
//	                     sender:     wal ─► POST ─► ack            one, and one per request
//
// The ring is a mapped file, so admission is a copy and survives a kill. The spill
// loop moves what waits to the log, in blocks, at once when a request's worth has
// come together or somebody waits, else within SyncEvery, and syncs it. Caps are
// enforced there, on offsets alone.
//
// # What a client goes through
//
//	Open      locks, recovers, moves what the last process left in the ring to the log, starts
//	Sync      everything logged before is safe from a power cut
//	Flush     ... is delivered, or ctx's error
//	Shutdown  admits no more, syncs, delivers until ctx ends; the rest waits on disk
//	Close     the same without waiting for the network
//
// All methods are safe for concurrent use. There is no package-level state: any
// number of clients may live in one process, each with a directory of its own.
package ledger
