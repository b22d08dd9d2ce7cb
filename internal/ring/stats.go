package ring

// Stats is a view of the ring at one moment.
type Stats struct {
	// Last is the offset of the youngest record ever admitted, 0 before the first
	// of a new log.
	Last uint64
	// Taken is the offset up to which every record was taken or evicted.
	Taken uint64
	// Oldest is the offset of the oldest record whose frame is still kept: what was
	// taken after it and not released survives the process.
	Oldest uint64
	// Records and Bytes wait to be taken.
	Records int
	Bytes   int64
	// Evicted counts the records that were given up before they were taken.
	Evicted uint64
	// Unreported counts those of Evicted that no taken frame has told the log of
	// yet: they are the hole directly behind Taken.
	Unreported uint64
	// Size of the memory in bytes.
	Size int
	// Mapped says that records in the ring survive the process. Fault says why
	// they no longer do.
	Mapped bool
	Fault  error
}

// Stats returns a consistent view.
func (r *Ring) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Stats{
		Mapped:     r.mapped.Load(),
		Fault:      r.fault,
		Last:       r.next - 1,
		Taken:      r.toTake - 1,
		Oldest:     r.oldest,
		Records:    int(r.next - r.toTake),
		Bytes:      r.waiting,
		Evicted:    r.evicted,
		Unreported: r.toTake - 1 - r.taken,
		Size:       r.size,
	}
	for _, run := range r.rescued {
		s.Records += run.Count
		s.Bytes += int64(len(run.Frames))
	}
	return s
}
