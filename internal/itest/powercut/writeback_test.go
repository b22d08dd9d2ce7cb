//go:build linux

package powercut

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// writeBack does what a kernel may do to any dirty page at any moment, and in a life
// of a second hardly would: it writes some of them back, without a flush. It does so
// in some lives only, since it also makes durable what nobody synced. It returns what
// ends it.
func writeBack(dir string, r *rand.Rand) (stop func()) {
	if r.IntN(2) == 0 {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	every := time.Duration(2+r.IntN(20)) * time.Millisecond
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				writeBackSome(dir, r)
			}
		}
	}()
	return func() { close(quit); <-done }
}

// writeBackSome picks a file, and some of its pages. Files come and go meanwhile.
func writeBackSome(dir string, r *rand.Rand) {
	files := []string{filepath.Join(dir, "ring"), filepath.Join(dir, "state.db")}
	segments, _ := filepath.Glob(filepath.Join(dir, "wal", "*"))
	if n := len(segments); n > 0 {
		files = append(files, segments[n-1], segments[r.IntN(n)])
	}
	f, err := os.OpenFile(files[r.IntN(len(files))], os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return
	}
	for range 8 {
		at, n := r.Int64N(info.Size()), 4096*(1+r.Int64N(8))
		// A hint: nothing rests on it.
		_ = unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE)
	}
}

// writeBackAll writes every dirty page of a file back, and waits until the device has
// them: it need not have flushed them.
func writeBackAll(f *os.File) error {
	return unix.SyncFileRange(int(f.Fd()), 0, 0,
		unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
}
