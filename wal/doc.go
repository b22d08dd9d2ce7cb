// Package wal is the durable half of the queue: a segmented log of records on
// disk, built on github.com/tidwall/wal, with the crash safety that it lacks.
//
// It stores bytes. It knows nothing of networks, of OTLP or of who logs.
//
// # What it promises
//
// The numbers are those of DESIGN.md; code and tests cite them.
//
//   - W1 Offsets come from the ring, dense and rising, and are never used again:
//     not after trimming, nor recovery, nor a lost checkpoint. Every block and,
//     through its checksum, every frame belongs to one epoch; numbers of different
//     epochs are never compared.
//   - W2 acked ≤ synced ≤ last, and each only grows: only what was read can be acked,
//     and only what is synced can be read. A checkpoint that is stored late costs
//     duplicates; it is never stored early.
//   - W3 What Append took survives the death of the process; what Sync covered, a
//     power cut.
//   - W4 Nothing is read beyond the high-water mark, and nothing whose checksum failed.
//   - W5 A segment is removed only when every record in it is settled for every reader,
//     and the checkpoints that say so are durable.
//   - W6 After a failed write or sync the file is never touched through the same
//     handle again, and the failed sync is never repeated. Everything that is not
//     known to be on disk is written to a new segment.
//   - W7 Open succeeds on whatever a crash left, short of an I/O error. A torn
//     tail is cut; damaged bytes go to quarantine and the whole records around
//     them are found all the same.
//   - L2 last = delivered + pending + evicted + lost + dead, for every reader, at every
//     instant.
//
// W8, one process per directory, is the caller's: the lock is in state.db.
//
// # How
//
// A run of frames from the ring becomes one block (see block.go and
// internal/frame for the bytes), a block becomes one entry of tidwall/wal. Each
// segment is a log of its own to that library, opened on an empty file and never
// opened again: its recovery, rolling, reading and truncation are not used, which
// disposes of what is known to be wrong with them. It is imported by segment.go only.
//
//	Append ─► unsynced ─► segment file ─► Sync ─► high-water mark ─► Read ─► Ack ─► head
//	             └───────── Heal: rewritten to a new segment ◄── any error
//
// Recovery reads every segment once, with memory for one. It never changes bytes
// that verify and never appends to an old file; the first append starts a new
// segment. Where two segments hold the same offset the later wins, because it was
// written when the earlier had failed; unless it holds a mere copy (merge.go). What
// was found is synced before Open returns: a process that was killed need not have.
//
// A log has one [Reader] or several, each with a head and books of its own; a segment goes
// when all are done with it. Eviction and acks move a logical head, acks in any order.
// The books (tally.go) derive what was delivered and what is pending from offsets and
// holes, so they cannot drift. Dead segments are unlinked and the directory is synced; nothing is rewritten to free
// space, so a full disk can be freed.
//
// # What it assumes of the disk
//
// What SQLite and etcd assume: a sync that returns has made the file's bytes
// durable; a sync of a directory has made its names durable; an append may be torn
// anywhere and may leave zeros or garbage; bytes that were synced do not change
// unless the medium fails. Where the last one does not hold the damage is found by
// checksum, counted and passed over.
//
// # Locks
//
// io is held across disk writes and syncs, a cursor's lock across disk reads, mu only
// across bookkeeping. io or a cursor before mu; io and a cursor never together.
// Readers, acks and views never wait for a sync.
package wal
