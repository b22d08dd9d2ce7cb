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

// Machine is a file system whose power can be cut: ext4 on a loop device on a [Disk].
//
// The process that serves the disk must not map files of the file system: a page
// fault that the same process has to answer can stop it for good.
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
	m := &Machine{Disk: NewDisk(image), Dir: filepath.Join(dir, "ext4"), below: filepath.Join(dir, "fuse")}
	if err := errors.Join(os.MkdirAll(m.Dir, 0o700), os.MkdirAll(m.below, 0o700)); err != nil {
		return nil, err
	}
	server, fd, err := serve(m.below, m.Disk)
	if err != nil {
		return nil, err
	}
	m.server = server
	err = mountLoop(fd, true, m.Dir, options)
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return nil, errors.Join(err, stopServing(m.below, m.server))
	}
	return m, nil
}

// Halt takes everything down. If the power was not cut before, it is now: what the
// unmounting writes is not part of [Disk.Image]. No process may be using the file
// system any more.
func (m *Machine) Halt() error {
	m.Disk.Release()
	if err := unix.Unmount(m.Dir, 0); err != nil {
		err = fmt.Errorf("powercut: unmount ext4: %w", err)
		return errors.Join(err, unix.Unmount(m.Dir, unix.MNT_DETACH), stopServing(m.below, m.server))
	}
	return stopServing(m.below, m.server)
}

// MountImage mounts the file system in image at dir, on memory instead of a [Disk],
// and returns what unmounts it. It is for looking at what a cut left, by any means.
func MountImage(dir string, image Image) (unmount func() error, err error) {
	fd, err := unix.MemfdCreate("powercut", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	memory := os.NewFile(uintptr(fd), "powercut image")
	defer memory.Close() //nolint:errcheck // The loop device holds what it needs.
	if err := errors.Join(memory.Truncate(int64(image.Size())), image.store(memory)); err != nil {
		return nil, err
	}
	if err := mountLoop(fd, false, dir, ""); err != nil {
		return nil, err
	}
	return func() error {
		if err := unix.Unmount(dir, 0); err != nil {
			return fmt.Errorf("powercut: unmount image: %w", err)
		}
		return nil
	}, nil
}
