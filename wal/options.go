package wal

import "time"

// Retention bounds what is kept of records that are settled, so that an operator
// can send them again after a server lost what it had acknowledged.
type Retention struct {
	// Age for which a segment is kept after its last record was settled.
	Age time.Duration
	// Bytes of settled segments that are kept at most.
	Bytes int64
}

// Options of a log. The zero value of a field is its documented default.
type Options struct {
	// Epoch of the log, never 0. Blocks of another epoch are set aside.
	Epoch uint64
	// Checkpoint of the first reader that outlived the last process; the zero value
	// for a new log.
	Checkpoint Checkpoint
	// Readers are the checkpoints of further readers. One of another epoch, the zero
	// value for instance, is that of a reader that joins: it begins with the oldest
	// record that is pending for another.
	Readers []Checkpoint
	// SegmentSize in bytes at which a segment is sealed; 1 MiB.
	SegmentSize int64
	// KeepAcked says for how long settled segments stay. The zero value keeps none.
	KeepAcked Retention
	// QuarantineDir receives bytes that failed their checksum; next to the log's
	// directory, named quarantine.
	QuarantineDir string
	// NoSync makes the high-water mark follow what is written instead of what is
	// synced: records are readable without a Sync. A power cut then costs what the
	// kernel had not written back; a kill costs nothing.
	NoSync bool
}

const defaultSegmentSize = 1 << 20
