//go:build linux

package powercut

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// A mount waits for the disk, and here the disk is served by the process that wants
// it mounted. Such a process cannot be killed: the thread that mounts waits for an
// answer, and the others, who could give it, are gone. So other programs mount for it,
// and when it dies they get an error and end.

// mountLoop mounts the ext4 file system in the file backing at dir, with a loop device
// between them that goes when it is unmounted.
func mountLoop(backing, dir, options string) error {
	o := "loop,noatime,nosuid,nodev"
	if options != "" {
		o += "," + options
	}
	return run("mount", "-t", "ext4", "-o", o, backing, dir)
}

// unmount undoes mountLoop.
func unmount(dir string) error { return run("umount", dir) }

// run runs a program of which one hears only if it fails.
func run(name string, args ...string) error {
	path, err := tool(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // G204: the callers name the programs.
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("powercut: %s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// Tools returns an error that names the programs that are missing, and the Debian
// packages that have them.
func Tools() error {
	var errs []error
	for _, name := range []string{"mkfs.ext4", "mount", "umount"} {
		_, err := tool(name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// tool finds a program, also where many users have none on their PATH.
func tool(name string) (string, error) {
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("powercut: no %s: apt-get install e2fsprogs mount", name)
}
