//go:build linux

package powercut

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// ext4Name is the directory of the file system, beside what it stands on.
const ext4Name = "ext4"

// Machine is a file system whose power can be cut: ext4 on a loop device on a [Disk].
// The process that serves the disk must leave the file system to others: one that
// waits for its own answer cannot be killed.
type Machine struct {
	Disk *Disk
	// Dir is where the file system is mounted.
	Dir string

	server *fuse.Server
	below  string
}

// Boot mounts the file system in image, whose journal is replayed if it must be,
// below dir. options are those of ext4.
func Boot(dir string, image Image, options string) (*Machine, error) {
	m := &Machine{Disk: NewDisk(image), Dir: filepath.Join(dir, ext4Name), below: filepath.Join(dir, "fuse")}
	if err := errors.Join(os.Mkdir(m.Dir, 0o700), os.Mkdir(m.below, 0o700)); err != nil {
		return nil, err
	}
	var err error
	if m.server, err = serve(m.below, m.Disk); err != nil {
		return nil, err
	}
	if err := mountLoop(filepath.Join(m.below, diskName), m.Dir, options); err != nil {
		return nil, errors.Join(err, stopServing(m.below, m.server))
	}
	return m, nil
}

// Halt takes everything down. If the power was not cut before, it is now: what the
// unmounting writes is not part of [Disk.Image]. No process may be using the file
// system any more.
func (m *Machine) Halt() error {
	m.Disk.Release()
	err := unmount(m.Dir)
	if err != nil {
		err = errors.Join(err, unix.Unmount(m.Dir, unix.MNT_DETACH))
	}
	return errors.Join(err, stopServing(m.below, m.server))
}

// MountImage mounts the file system in image below dir, on memory instead of a [Disk],
// and returns where, and what unmounts it. Any process may use it.
func MountImage(dir string, image Image) (mounted string, halt func() error, err error) {
	memory := filepath.Join(dir, "memory")
	mounted = filepath.Join(dir, ext4Name)
	if err := errors.Join(os.Mkdir(memory, 0o700), os.Mkdir(mounted, 0o700)); err != nil {
		return "", nil, err
	}
	if err := unix.Mount(source(os.Getpid()), memory, "tmpfs", 0, "mode=0700"); err != nil {
		return "", nil, fmt.Errorf("powercut: mount tmpfs: %w", err)
	}
	path := filepath.Join(memory, diskName)
	err = image.save(path)
	if err == nil {
		err = mountLoop(path, mounted, "")
	}
	if err != nil {
		return "", nil, errors.Join(err, unix.Unmount(memory, unix.MNT_DETACH))
	}
	return mounted, func() error {
		return errors.Join(unmount(mounted), unix.Unmount(memory, unix.MNT_DETACH))
	}, nil
}
