// Package syscalls proves two rows of the table of faults on a child process whose
// system calls are stopped one by one: it is killed at each of them, and each of them
// is made to fail.
//
// It has tests only, on Linux with amd64 or arm64.
//
// # What is proven
//
//   - K1 (W3, W7) A process is killed at the entry of every call that changes its
//     directory, one run per call. Entry is before the kernel does anything, so a kill
//     after a call is the kill at the next one: nothing lies between them but stores to
//     the mapped ring, which outlive the process as they are. A line that the child
//     prints is a point too, the tightest: the promise has been made and nothing was
//     done since. Each write is killed once more with half of it done, because the kernel
//     stops a write between two pages. After each kill the directory opens, every record that was promised
//     arrives, none arrives that was not logged, and the books balance (L2). The
//     offsets never fall behind what was promised (W1).
//   - K2 (W7) What a recovery sets aside is in quarantine, whole, wherever an earlier
//     attempt at it was killed.
//   - E1 (W6) EIO from each of write, pwrite64, fsync, fdatasync, ftruncate, msync, renameat
//     and unlinkat, once, and from that call on for ever: the child lives, Log goes on
//     returning nil, and it ends by itself. A fault of a segment is in Stats and, as
//     long as it lasts, in Health. Whatever Sync returned nil for arrives; and whatever
//     Log did, if the ring was mapped.
//   - E2 (W6) No failed write or sync is repeated as if it could succeed. The rules in
//     repeated_test.go say what that means for each kind of file.
//   - R1 ledger-replay makes no call that changes a directory, so there is nothing to
//     be killed at.
//
// # How the calls are stopped
//
// Not by strace's injection: it counts per call and per thread, and the library's
// goroutines move between threads, so "the n-th call" names no point and some points
// are never reached. A seccomp filter that the child starts under hands the calls to
// the test instead (seccomp_unotify(2)): one stream, in order, across threads. The test
// knows the file of each call, and lets it pass, answers EIO in its place, or kills the
// child. What is swept is what happened in that run; a sweep ends when a run survives
// because the point was not reached.
//
// strace is the second witness: TestNoOtherCallChangesTheDirectory runs every scenario
// under it and finds no call on the directory that the filter does not know.
//
// # Where a scenario begins and ends
//
// Each scenario is one thing that a process does to its directory: open it, append,
// roll, ack, evict, reclaim, repair, heal, close. The child prints "begin" and "end"
// around it and only the calls in between are points, so that no point is swept twice.
// What the scenario is named for has to be among its calls.
//
// With LEDGER_CRASH=long every point of every scenario is swept, else a few, chosen by a
// seed that is printed and can be given back as LEDGER_SEED.
package syscalls
