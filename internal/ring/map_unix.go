//go:build unix

package ring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// mapping is a file in memory, shared with the kernel: what is stored there
// survives the process without a system call.
type mapping struct{ all []byte }

func (m *mapping) close() error { return unix.Munmap(m.all) }
func (m *mapping) sync() error  { return unix.Msync(m.all, unix.MS_SYNC) }

// Map returns an empty ring over the file at path, which it makes, or makes anew
// if it is of another size or epoch. What was in it must be in the log by now. size
// is that of the memory in bytes, a multiple of 8.
//
// The file is filled with zeros and synced before it is mapped: on most file
// systems no store can then find the disk full.
func Map(path string, size int, c Config) (*Ring, error) {
	if err := ensureFile(path, size, c.Epoch); err != nil {
		return nil, fmt.Errorf("ring: map: %w", err)
	}
	f, err := fsx.Open(path, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("ring: map: %w", err)
	}
	all, err := unix.Mmap(int(f.Fd()), 0, pageSize+size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("ring: map: %w", err)
	}
	r := New(all[pageSize:], c)
	r.mapping = &mapping{all}
	r.mark = marker{all[markAt:markEnd]}
	r.mapped.Store(true)
	r.touch(func() bool {
		r.mark.admit(c.Next - 1)
		r.mark.evict(c.Next, c.Next)
		return false
	})
	return r, nil
}

// ensureFile makes the file unless it is there as it should be.
func ensureFile(path string, size int, epoch uint64) error {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().IsRegular() && info.Size() == int64(pageSize+size) {
		if known, err := PeekEpoch(path); err == nil && known == epoch {
			return nil
		}
	}
	return makeFile(path, size, epoch)
}

// makeFile writes a new file beside the old one and puts it in its place, so that
// a crash leaves one or the other.
func makeFile(path string, size int, epoch uint64) error {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	b := make([]byte, pageSize+size)
	putFileHeader(b, epoch, size)
	if err := fsx.WriteFile(filepath.Dir(fresh), filepath.Base(fresh), b); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return fsx.SyncDir(filepath.Dir(path))
}
