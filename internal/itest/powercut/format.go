//go:build linux

package powercut

import (
	"errors"
	"os"
	"path/filepath"
)

// imageSize leaves room for what some seconds of logging leave.
const imageSize = 32 << 20

// Format returns the image of an empty ext4 file system as mkfs.ext4 makes it, but
// for what a small one must be told. dir is for temporary files.
func Format(dir string) (image Image, err error) {
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
	err = run("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-J", "size=4",
		"-E", "lazy_itable_init=0,lazy_journal_init=0", path)
	if err != nil {
		return Image{}, err
	}
	b, err := os.ReadFile(path)
	return NewImage(b), err
}
