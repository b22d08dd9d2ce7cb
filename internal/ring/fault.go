package ring

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// pushMapped is push with an eye on the mapping. ok is false if that failed.
func (r *Ring) pushMapped(payload []byte, now int64) (a Admitted, err error, ok bool) { //nolint:revive // ok says whether the error counts.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			r.giveUp(p)
			ok = false
		}
	}()
	a, err = r.push(payload, now)
	return a, err, true
}

// touch runs f, which touches the memory, and returns what it does, or false if
// the mapping failed under it.
func (r *Ring) touch(f func() bool) (more bool) {
	if !r.mapped.Load() {
		return f()
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			r.giveUp(p)
			more = false
		}
	}()
	return f()
}

// giveUp goes on in ordinary memory after the mapping failed: a disk that returns
// an error for a page, a file that somebody cut, raise SIGBUS in whoever touches
// it, and must not end the process that logs. What can still be read is rescued.
//
// A panic that is not a fault is a bug in this package; it is handled in the same
// way, because the alternative is to take the host down.
func (r *Ring) giveUp(cause any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.mapped.Load() {
		return // Another goroutine was here first.
	}
	r.fault = errors.New("the mapped file failed: " + fmt.Sprint(cause))
	old := r.mem
	r.mem = make([]byte, len(old))
	r.mark = marker{}
	saved := make([]byte, len(old))
	for at := 0; at < len(old); at += pageSize {
		copyPage(saved[at:], old[at:min(at+pageSize, len(old))])
	}
	evicted := r.toTake - 1 - r.taken
	for _, run := range scan(saved, r.seed, r.toTake, r.next) {
		if evicted > 0 && run.Base == r.toTake {
			frame.Reskip(run.Frames, saturate(evicted), r.seed)
		}
		r.rescued = append(r.rescued, run)
	}
	r.head, r.read, r.tail, r.waiting = 0, 0, 0, 0
	r.toTake, r.oldest, r.taken = r.next, r.next, r.next-1
	r.mapped.Store(false)
}

// copyPage copies src, or nothing of the rest of it if that cannot be read.
func copyPage(dst, src []byte) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { _ = recover() }()
	copy(dst, src)
}

// takeRescued returns the next run that was saved from a failed mapping.
func (r *Ring) takeRescued(dst []byte) (Run, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rescued) == 0 {
		return Run{}, false
	}
	run := r.rescued[0]
	r.rescued = r.rescued[1:]
	run.Frames = append(dst, run.Frames...)
	return run, true
}
