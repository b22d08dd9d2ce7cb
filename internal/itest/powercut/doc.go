// Package powercut cuts the power of a real file system, hundreds of times, and looks
// what the log has kept. It needs Linux, root, /dev/fuse, loop devices, mount and
// mkfs.ext4, and is skipped with the reason where one of them is missing.
//
// # The machine
//
//	a process that logs ─► ext4 ─► loop device ─► FUSE ─► Disk
//	                                                      ├ medium: up to the last flush
//	                                                      └ cache:  each write since, in order
//
// A [Disk] is a disk with a volatile cache. The kernel caches nothing between them: a
// write of the file system is a write here, and its barrier is an fsync here. At the cut
// the disk stops answering, the process is killed, and only then is the disk let go:
// nobody can have learned anything that a real cut would not have left him the time to
// learn, and whatever the process said before its end is a promise. The image that the
// cut leaves is the medium, and of the cache nothing, everything, or some sectors of
// some writes in any order.
//
// TestTheDiskKeepsWhatIsSyncedAndNothingElse shows that this disk is neither kinder nor
// harder than a real one: what was not synced can be lost, and what was cannot.
//
// # What is shown
//
// A history is one disk with several cuts, each image being what the next process
// opens. Processes log, sync, deliver, settle, roll, evict, reclaim, close and open
// within a second; some are killed before the cut, with the power on; a third of the
// cuts fall into the first writes of Open, and so into the recovery from the cut
// before. Dirty pages of any file, those of the mapped ring too, are written back at
// random, as a kernel may. After each cut, on a copy:
//
//   - P1 Open succeeds (W7).
//   - P2 Every record that was safe is delivered, by its ID (W2, W3, W5): those that
//     Sync, Close or SyncAlways spoke for, and those that a process found and then
//     synced. Where the caps are low, what is missing is older than what is left, and
//     counted as evicted.
//   - P3 Nothing is delivered that was not logged, nothing with other bytes (W4), and
//     no record twice with two IDs (S2).
//   - P4 No offset that was synced or sent stands for another record later (W1). With
//     SyncNever, which sends what is not synced, an offset that was only sent may.
//   - P5 The books balance, and say of every offset what became of it (L2).
//
// The file system journals its directories as a whole: any fsync makes every name
// durable that was made before. A missing fsync of a directory is therefore not found
// here; the model in wal keeps names apart for that.
package powercut
