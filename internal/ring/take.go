package ring

import (
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// Run is a dense run of frames: offsets Base, Base+1, ... Base+Count-1.
type Run struct {
	Base  uint64
	Count int
	// Frames are the frames one behind the other, appended to the caller's slice.
	Frames []byte
}

// Take appends to dst the oldest frames that have not been taken, at most
// records of them (at least 1) and no more bytes than fit behind the first. The
// run ends early at a hole, so that its offsets are dense. A Count of 0 means
// that nothing waits.
//
// The frames stay in the ring until [Ring.Release]. One consumer at a time.
func (r *Ring) Take(dst []byte, records, bytes int) Run {
	if run, ok := r.takeRescued(dst); ok {
		return run
	}
	// Growing is done before the lock is taken: it would hold up producers.
	run := Run{Frames: slices.Grow(dst, int(min(int64(bytes), r.Stats().Bytes)))}
	start := len(dst)
	for r.touch(func() bool { return r.takeSome(&run, start, records, bytes) }) {
	}
	if run.Count == 0 {
		run.Frames = dst
		if rescued, ok := r.takeRescued(dst); ok {
			return rescued // The mapping failed just now.
		}
	}
	return run
}

// takeSome copies up to hold bytes under the lock and reports whether the run
// may grow further.
func (r *Ring) takeSome(run *Run, start, records, bytes int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for copied := 0; copied < hold; {
		if r.read == r.head || run.Count >= records {
			return false
		}
		if run.Count > 0 && r.toTake != run.Base+uint64(run.Count) {
			return false // Producers evicted while the lock was open: a hole ends the run.
		}
		pos := r.skipPad(r.read)
		at := int(pos % uint64(len(r.mem)))
		_, n, _ := frame.Peek(r.mem[at:])
		size := frame.Size(n)
		if run.Count > 0 && len(run.Frames)-start+size > bytes {
			return false
		}
		if run.Count == 0 {
			run.Base = r.toTake
		}
		run.Frames = append(run.Frames, r.mem[at:at+size]...)
		if skipped := r.toTake - 1 - r.taken; skipped > 0 {
			frame.Reskip(run.Frames[len(run.Frames)-size:], saturate(skipped), r.seed)
		}
		r.taken = r.toTake
		r.toTake++
		r.read = pos + uint64(aligned(size))
		r.waiting -= int64(size)
		run.Count++
		copied += size
	}
	return true
}

// Release gives back the memory of every taken frame up to and including the
// offset through: the log has them.
func (r *Ring) Release(through uint64) {
	r.touch(func() bool { r.release(through); return false })
}

func (r *Ring) release(through uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if through >= r.toTake-1 {
		// All that was taken, which is most often the case: no need to look at each.
		r.tail, r.oldest = r.read, r.toTake
		return
	}
	for r.tail < r.read && r.oldest <= through {
		r.tail, _ = r.after(r.tail)
		r.oldest++
	}
}

func saturate(n uint64) uint32 {
	if n > 1<<32-1 {
		return 1<<32 - 1
	}
	return uint32(n)
}
