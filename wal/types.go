package wal

import "time"

// Offset is the dense position of a record in the log, counted from 1. It is
// assigned once, when the record is admitted, and never used again (W1).
type Offset uint64

// Entry locates one record of a [Batch].
type Entry struct {
	// Offset of the record. Offsets of a batch rise; a hole between two of them
	// is a record that was evicted or lost.
	Offset Offset
	// End is the position in Batch.Data one past the record's last byte. The
	// record starts where the one before it ends.
	End int
}

// Batch is a run of records read from the log, in offset order, all logged by
// processes that share one resource.
//
// A Batch belongs to its reader, which may pass it to [Log.Read] again to reuse
// its memory; the log keeps no reference to it.
type Batch struct {
	// Epoch of the log the offsets belong to.
	Epoch uint64
	// Resource refers to the resource that every record of the batch was logged with.
	Resource uint32
	// Entries locate the records in Data.
	Entries []Entry
	// Data holds the payloads one behind the other, exactly as they were appended.
	Data []byte
	// Oldest is the time at which the first record was admitted.
	Oldest time.Time
}

// Len returns the number of records.
func (b *Batch) Len() int { return len(b.Entries) }

// First returns the offset of the first record, 0 if the batch is empty.
func (b *Batch) First() Offset {
	if len(b.Entries) == 0 {
		return 0
	}
	return b.Entries[0].Offset
}

// Last returns the offset of the last record, 0 if the batch is empty.
func (b *Batch) Last() Offset {
	if len(b.Entries) == 0 {
		return 0
	}
	return b.Entries[len(b.Entries)-1].Offset
}

// Record returns the payload of record i. It aliases Data.
func (b *Batch) Record(i int) []byte {
	start := 0
	if i > 0 {
		start = b.Entries[i-1].End
	}
	return b.Data[start:b.Entries[i].End]
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	*b = Batch{Entries: b.Entries[:0], Data: b.Data[:0]}
}

// Limits bound a read. A read returns at least one record if there is one,
// however large it is. Zero means no limit.
type Limits struct {
	Records int
	Bytes   int
}

// Backlog says what is readable after an offset at this moment.
type Backlog struct {
	Records int
	Bytes   int64
	// Oldest is the admission time of the first of them, zero if there is none.
	Oldest time.Time
}

// Range is a run of offsets, both ends included.
type Range struct {
	From, To Offset
	// Dead: they were set aside as dead letters; otherwise a server has them.
	Dead bool
}

// Checkpoint is what must outlive the process besides the segments: how far a reader
// of the log is, and what became of the records up to there. The delivered ones need no
// counter of their own, see [Checkpoint.Delivered] (L2).
type Checkpoint struct {
	// Epoch of the log. Offsets of different epochs are never compared (W1).
	Epoch uint64
	// Start is the offset behind which the reader began, 0 for one that was there from
	// the first record on.
	Start Offset
	// Head is the offset at and before which every record is settled: delivered,
	// dead-lettered, evicted or lost.
	Head Offset
	// Last is the highest offset that was synced when the checkpoint was taken.
	Last Offset
	// Evicted, Lost and Dead count records after Start and at or before Head.
	Evicted, Lost, Dead uint64
	// Expired and Shed are the parts of Evicted that were too old, and that neither
	// the disk nor memory could hold.
	Expired, Shed uint64
	// Settled are the runs after Head that were settled out of their turn, in order. It
	// is nil if there are none, and never changed.
	Settled []Range
}

// Delivered returns how many records at or before Head a server acknowledged.
func (c Checkpoint) Delivered() uint64 {
	return uint64(c.Head-c.Start) - c.Evicted - c.Lost - c.Dead
}
