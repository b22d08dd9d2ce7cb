// Command ledger-replay shows what a ledger directory holds and sends its records
// again.
//
//	ledger-replay status DIR
//	ledger-replay cat DIR
//	ledger-replay replay DIR --to URL
//	ledger-replay dead DIR
//	ledger-replay redrive DIR --to URL
//
// # What it promises
//
//   - R1 It changes nothing in DIR: no name, no byte, no time, no mode. It reads
//     through wal.Walk and sender.ReadState, which write nothing, and never opens
//     the directory as its owner. redrive does, for that is its purpose (R8).
//   - R2 It may run beside the live process that owns DIR. It delays that process
//     by nothing: whether the directory is held is asked with a shared lock that is
//     let go at once, and a process that starts in that instant tries again.
//   - R3 What is replayed is what was logged: the stored bytes, the record IDs in
//     them, and the resource of the process that logged them. The ack is not moved,
//     so records that are pending are sent again by their own process; a server that
//     looks at record IDs keeps one of each.
//   - R4 Memory is bounded, however long the log is: one segment, and a few batches.
//     redrive has the offset of every letter besides.
//   - R5 Text out of the log or from a server is never written as it is. On text
//     output and on standard error every character that is not printable is escaped,
//     in JSON every such character is \u-escaped: a log line cannot steer a terminal.
//   - R6 A key or the value of a header is never printed.
//   - R7 Data goes to standard output and nothing else does.
//   - R8 redrive owns DIR while it runs (W8), or does nothing. A letter goes after a
//     2xx that covers its record, and durably so with the count of it (S1, L2): a
//     redrive that is killed leaves every other letter where it was, and sends again
//     what was on its way. What is pending, and the acked offset, it leaves alone.
//
// # Files
//
// run.go is the program, exit.go its exit codes, ui.go its words to humans.
// directory.go opens DIR for looking, journal.go says which log in it is meant and what
// of that is settled, and scan.go walks the chosen records in it; selection.go says
// which those are. Each command is in a file of its name; replay is the pipeline
//
//	scan ─► chunker ─► feed ─► sender.Sender ─► tap ─► server
//	                    ▲            │
//	                    └──── Ack ◄──┘
//
// in which feed is the in-memory sender.Source that holds the scan back. redrive
// (redrive_run.go) is a sender with nothing to read but the dead letters.
//
// status balances the books of a dead process (books.go): what its next owner will find,
// for each destination. status --json is version 2 of its schema, see output.go.
package main
