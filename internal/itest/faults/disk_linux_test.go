package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// disk is a file system of its own, in memory and of a certain size.
type disk struct {
	dir   string
	fills int
}

// smallDisk mounts a tmpfs, for which it takes root.
func smallDisk(t *testing.T, size string, inodes int) *disk {
	t.Helper()
	if os.Geteuid() != 0 {
		lacks(t, "a small file system can be mounted by root only", "run the tests as root")
	}
	d := &disk{dir: t.TempDir()}
	err := unix.Mount("tmpfs", d.dir, "tmpfs", 0, fmt.Sprintf("size=%s,nr_inodes=%d,mode=700", size, inodes))
	if errors.Is(err, unix.EPERM) {
		lacks(t, "mount(2) is not permitted", "give the tests CAP_SYS_ADMIN")
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		if unix.Unmount(d.dir, 0) != nil {
			require.NoError(t, unix.Unmount(d.dir, unix.MNT_DETACH))
		}
	})
	return d
}

// path names something on the disk.
func (d *disk) path(name string) string { return filepath.Join(d.dir, name) }

// freeBytes returns how much can still be written.
func (d *disk) freeBytes(t *testing.T) int64 {
	t.Helper()
	var st unix.Statfs_t
	require.NoError(t, unix.Statfs(d.dir, &st))
	return int64(st.Bavail) * int64(st.Bsize) //nolint:unconvert // It is narrower on 32-bit machines.
}

// fillBytes takes every block that is free.
func (d *disk) fillBytes() error {
	d.fills++
	f, err := os.OpenFile(d.path("ballast"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return ignoreFull(err)
	}
	block := make([]byte, 64<<10)
	for size := len(block); size >= 4096; {
		n, err := f.Write(block[:size])
		if ignoreFull(err) != nil {
			return errors.Join(err, f.Close())
		}
		if n < size {
			size /= 2
		}
	}
	return f.Close()
}

// fillInodes takes every file that can be made.
func (d *disk) fillInodes() error {
	for {
		d.fills++
		f, err := os.OpenFile(d.path(fmt.Sprintf("ballast-%d", d.fills)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return ignoreFull(err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
}

// empty gives back what was filled.
func (d *disk) empty(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob(d.path("ballast*"))
	require.NoError(t, err)
	for _, name := range names {
		require.NoError(t, os.Remove(name))
	}
}

func ignoreFull(err error) error {
	if errors.Is(err, unix.ENOSPC) {
		return nil
	}
	return err
}

// exhaustion is one way for a disk to have no room.
type exhaustion struct {
	name string
	fill func(*disk) error
}

func exhaustions() []exhaustion {
	return []exhaustion{{"no block is free", (*disk).fillBytes}, {"no inode is free", (*disk).fillInodes}}
}

// keepFull fills the disk, and again whatever becomes free, until the function that
// it returns is called, which gives everything back.
func (d *disk) keepFull(t *testing.T, how exhaustion) (empty func()) {
	t.Helper()
	require.NoError(t, how.fill(d))
	stop := make(chan struct{})
	var filler sync.WaitGroup
	var failed error
	filler.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for failed == nil {
			select {
			case <-stop:
				return
			case <-tick.C:
				failed = how.fill(d)
			}
		}
	})
	empty = sync.OnceFunc(func() {
		close(stop)
		filler.Wait()
		require.NoError(t, failed)
		d.empty(t)
	})
	t.Cleanup(empty)
	return empty
}
