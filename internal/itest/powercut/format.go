//go:build linux

package powercut

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// imageSize leaves room for what some seconds of logging leave.
const imageSize = 32 << 20

// Mkfs returns the path of mkfs.ext4, which many users do not have on their PATH.
func Mkfs() (string, error) {
	for _, name := range []string{"mkfs.ext4", "/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("powercut: no mkfs.ext4: install e2fsprogs")
}

// Format returns the image of an empty ext4 file system as mkfs.ext4 makes it, but
// for what a small one must be told. dir is for temporary files.
func Format(ctx context.Context, dir string) (image Image, err error) {
	mkfs, err := Mkfs()
	if err != nil {
		return Image{}, err
	}
	path := filepath.Join(dir, "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return Image{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	if err := os.Truncate(path, imageSize); err != nil {
		return Image{}, err
	}
	// Nothing is left for the kernel to initialise later, as that would be writes
	// that no workload made.
	args := []string{
		"-q", "-F", "-b", "4096", "-m", "0", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0", path,
	}
	cmd := exec.CommandContext(ctx, mkfs, args...) //nolint:gosec // G204: the program is one of three by name.
	if out, err := cmd.CombinedOutput(); err != nil {
		return Image{}, fmt.Errorf("powercut: mkfs.ext4: %w: %s", err, bytes.TrimSpace(out))
	}
	b, err := os.ReadFile(path)
	return NewImage(b), err
}
