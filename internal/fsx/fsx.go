package fsx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	// DirMode and FileMode keep what is logged from every other user.
	DirMode  fs.FileMode = 0o700
	FileMode fs.FileMode = 0o600
)

// ErrSymlink is returned when a path that must be a plain file or directory is
// a symbolic link: following one would let its owner choose where logs go.
var ErrSymlink = errors.New("is a symbolic link")

// MkdirAll makes path and its missing parents with [DirMode]. An existing
// directory keeps its mode, except that rights of group and others are taken
// away from path itself. It refuses path if it is a symbolic link.
func MkdirAll(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(path, DirMode)
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return &fs.PathError{Op: "mkdir", Path: path, Err: ErrSymlink}
	case !info.IsDir():
		return &fs.PathError{Op: "mkdir", Path: path, Err: errors.New("is not a directory")}
	case info.Mode().Perm()&0o077 != 0:
		return os.Chmod(path, info.Mode().Perm()&DirMode)
	}
	return nil
}

// Create makes a new file for reading and writing and fails if the name is taken,
// by a file or by a link.
func Create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, FileMode)
}

// Open opens an existing file without following a symbolic link in its last
// element.
func Open(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|noFollow, 0)
	if err != nil && isLoop(err) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrSymlink}
	}
	return f, err
}

// WriteFile writes a new file and syncs it and its name. It fails if the name is
// taken.
func WriteFile(dir, name string, b []byte) (err error) {
	path := dir + string(os.PathSeparator) + name
	f, err := Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return SyncDir(dir)
}

// Cut shortens a file to size and syncs it.
func Cut(path string, size int64) error {
	f, err := Open(path, os.O_WRONLY)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// Sync makes the bytes of a file durable, whoever wrote them. One that may only be read
// can be synced.
func Sync(path string) error {
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ReadAt appends to dst the bytes of the file from position from up to position
// to, or fewer if the file ends before.
func ReadAt(dst []byte, path string, from, to int64) ([]byte, error) {
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return dst, err
	}
	defer f.Close() //nolint:errcheck // Nothing was written.
	n, need := len(dst), int(to-from)
	if cap(dst)-n < need {
		grown := make([]byte, n, n+need)
		copy(grown, dst)
		dst = grown
	}
	got, err := f.ReadAt(dst[n:n+need], from)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("read %s: %w", path, err)
	}
	return dst[:n+got], err
}

// Unused returns path, or if that is taken path with the first number behind it that
// is not: what is set aside is never written over.
func Unused(path string) (string, error) {
	free := path
	for n := 1; ; n++ {
		switch _, err := os.Lstat(free); {
		case errors.Is(err, fs.ErrNotExist):
			return free, nil
		case err != nil:
			return "", err
		}
		free = fmt.Sprintf("%s.%d", path, n)
	}
}
