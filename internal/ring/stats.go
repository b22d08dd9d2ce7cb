package ring

// Stats is a view of the ring at one moment.
type Stats struct {
	// Last is the offset of the youngest record ever admitted, 0 before the first
	// of a new log.
	Last uint64
	// Taken is the offset up to which every record was taken or evicted.
	Taken uint64
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
}

// Stats returns a consistent view.
func (r *Ring) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{
		Last:       r.next - 1,
		Taken:      r.toTake - 1,
		Records:    int(r.next - r.toTake),
		Bytes:      r.waiting,
		Evicted:    r.evicted,
		Unreported: r.toTake - 1 - r.taken,
		Size:       len(r.mem),
	}
}
