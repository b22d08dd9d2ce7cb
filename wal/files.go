package wal

import (
	"os"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// files is every way in which the log changes its directory and the quarantine,
// but for the segment being written, which a [writer] makes and fills. One seam,
// so that a test can be the disk and know at each instant what a power cut would
// leave.
type files interface {
	mkdirAll(dir string) error
	// writeFile writes a new file and syncs it and its name.
	writeFile(dir, name string, b []byte) error
	// cut shortens a file to size and syncs it.
	cut(path string, size int64) error
	// sync makes the bytes of a file durable.
	sync(path string) error
	rename(from, to string) error
	remove(path string) error
	// syncDir makes the names in dir durable.
	syncDir(dir string) error
}

// onDisk is the file system.
type onDisk struct{}

func (onDisk) mkdirAll(dir string) error { return fsx.MkdirAll(dir) }
func (onDisk) writeFile(dir, name string, b []byte) error {
	return fsx.WriteFile(dir, name, b)
}
func (onDisk) cut(path string, size int64) error { return fsx.Cut(path, size) }
func (onDisk) sync(path string) error            { return fsx.Sync(path) }
func (onDisk) rename(from, to string) error      { return os.Rename(from, to) }
func (onDisk) remove(path string) error          { return os.Remove(path) }
func (onDisk) syncDir(dir string) error          { return fsx.SyncDir(dir) }
