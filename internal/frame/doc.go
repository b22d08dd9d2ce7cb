// Package frame is the stored form of one record, the same in the ring, in the
// log and in a dead letter, so that a record is framed once and then only copied.
//
//	 0        4        8                16               24       28       32
//	+--------+--------+----------------+----------------+--------+--------+---------
//	| crc    | length | offset         | time           | res    | skipped| payload
//	+--------+--------+----------------+----------------+--------+--------+---------
//
// All numbers are little endian.
//
//   - crc is CRC-32C (Castagnoli) over the log's epoch (8 bytes, not stored), the
//     payload and the header from byte 4. The payload comes first so that a
//     producer can sum it before it takes the lock under which the offset is
//     assigned. The epoch makes a frame of another log fail here instead of
//     being taken for ours.
//   - length is that of the payload in bytes.
//   - offset is the record's position in the log, from 1; 0 marks a frame that
//     is not a record: the payload is then the resource that res names.
//   - time is the admission time in Unix nanoseconds.
//   - res refers to the resource of the process that logged the record.
//   - skipped counts the offsets directly before this one whose records were
//     evicted before they reached the log. Any other hole is a loss.
//
// A frame carries all that is needed to place it, so a reader that lost its way
// in damaged bytes can find every whole frame again without its surroundings.
package frame
