// Package ring is the in-memory buffer between the goroutines that log and the
// one that spills to the log on disk: a bounded ring of frames.
//
// What it promises:
//
//   - R1 Push never waits for anything but other pushes and copies of at most
//     16 KiB. It makes no system call and allocates nothing.
//   - R2 Offsets are assigned in the order of admission, densely (W1).
//   - R3 A full ring gives up its oldest record, in constant time, and counts it.
//     The hole is written into the frame that follows it, so that the log can
//     tell an eviction from a loss.
//   - R4 A record stays in the ring until Release says that the log has it, so
//     the memory may be a mapped file that outlives the process.
//
// Three positions divide the ring. Frames between tail and read have been taken
// and wait for Release; those between read and head have not been taken:
//
//	tail            read                 head
//	 |--- taken ------|--- to be spilled ---|--- free ---
//
// A frame never wraps: what is too short at the end of the memory is skipped. A
// ring that has become empty starts again at the beginning of its memory, so a
// service that logs little keeps touching the same few pages.
package ring
