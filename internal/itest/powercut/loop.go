//go:build linux

package powercut

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// attach makes a loop device of an open file. The device goes by itself when
// whoever uses it last closes it; until it is mounted that is the caller.
//
// With direct set the device passes each request on as it is: a write is a write
// of the file and a flush is an fsync of it.
func attach(backing int, direct bool) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close() //nolint:errcheck // Nothing was written.
	config := unix.LoopConfig{Fd: uint32(backing), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
	if direct {
		config.Info.Flags |= unix.LO_FLAGS_DIRECT_IO
	}
	for range 100 {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("powercut: find a loop device: %w", err)
		}
		device, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", n), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		err = unix.IoctlLoopConfigure(int(device.Fd()), &config)
		if err == nil {
			return device, nil
		}
		if err = errors.Join(err, device.Close()); !errors.Is(err, unix.EBUSY) {
			return nil, fmt.Errorf("powercut: configure %s: %w", device.Name(), err)
		}
	}
	return nil, errors.New("powercut: others take every loop device first")
}

// mountLoop mounts the ext4 file system in an open file at dir.
func mountLoop(backing int, direct bool, dir, options string) error {
	device, err := attach(backing, direct)
	if err != nil {
		return err
	}
	err = unix.Mount(device.Name(), dir, "ext4", unix.MS_NOATIME|unix.MS_NOSUID|unix.MS_NODEV, options)
	if err != nil {
		err = fmt.Errorf("powercut: mount %s: %w", device.Name(), err)
	}
	return errors.Join(err, device.Close())
}
