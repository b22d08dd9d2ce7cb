// Package store keeps log records in one SQLite database and answers questions
// about them.
//
// Appends go to one goroutine, the writer. It takes every append that waits,
// puts them into one transaction, commits, and only then answers each: under
// load many requests share one fsync, and without load none waits for another.
// Queries run on connections of their own and never block the writer, because
// the journal is a write-ahead log.
//
// A record is known by its ID. The second arrival is counted, in total and on
// the record, and changes nothing else: the first one stands.
//
// Invariants:
//
//	D1  When Append returns nil, its records are in the database and synced to
//	    the disk: they survive kill -9 and a power cut.
//	D2  A record ID is stored once, however often and from however many
//	    requests it arrives. Every further arrival is counted, and the count is
//	    part of the same transaction.
//	D3  An append is stored whole or not at all.
//	D4  A failed transaction leaves nothing behind that a later one could rest
//	    on. The connection it failed on is thrown away, the next append opens a
//	    fresh one, so the store heals when the disk does. What the failed
//	    transaction wrote to the write-ahead log is written over, never
//	    appended to: after a failed fsync it may be in memory only, and a
//	    record behind it would be lost with it in a power cut.
//	D5  Paging by cursor shows no record twice and skips none that was there
//	    when the first page was read, whatever is inserted meanwhile.
//
// The database is made with mode 0600 in directories of mode 0700. There is no
// retention: the file grows until its records are deleted by other means.
package store
