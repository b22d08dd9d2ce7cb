//go:build linux

package powercut

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// source is what the mounts of this process are known by.
func source(pid int) string { return fmt.Sprint("powercut-", pid) }

// Sweep unmounts what processes left that were killed before they could. Their disks
// are gone, so that there is nothing left to wait for.
func Sweep() error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range abandoned(string(mounts), alive) {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			errs = append(errs, fmt.Errorf("powercut: sweep %s: %w", dir, err))
		}
	}
	return errors.Join(errs...)
}

func alive(pid int) bool {
	_, err := os.Stat(fmt.Sprint("/proc/", pid))
	return !errors.Is(err, fs.ErrNotExist)
}

// abandoned returns what dead processes left mounted, ext4 before what it stands on.
func abandoned(mounts string, alive func(pid int) bool) (dirs []string) {
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		var pid int
		if len(fields) < 2 {
			continue
		}
		if _, err := fmt.Sscanf(fields[0], "powercut-%d", &pid); err != nil || alive(pid) {
			continue
		}
		dirs = append(dirs, filepath.Join(filepath.Dir(fields[1]), ext4Name), fields[1])
	}
	return dirs
}
