package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// quarantine copies bytes [from, to) of a segment aside, as recovery found them,
// under a name that says where they were. What stands there under that name is
// replaced if it is a beginning of them: a crash may have left part of it, or all of
// it and not synced. Other bytes, of a segment that had the name before, are kept.
func (l *Log) quarantine(s *segment, b []byte, from, to int) {
	path := filepath.Join(l.opts.QuarantineDir, asideName(s, from))
	there, err := fsx.ReadAt(nil, path, 0, int64(to-from)+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err == nil && bytes.HasPrefix(b[from:to], there):
		_ = l.files.remove(path)
	default:
		if free, err := fsx.Unused(path); err == nil {
			path = free
		}
	}
	l.putAside(s, filepath.Base(path), b[from:to])
}

// rot puts bytes aside that went bad after Open had verified them. Doing it twice
// is doing it once.
func (l *Log) rot(s *segment, b []byte, it item) {
	l.putAside(s, asideName(s, it.from), b[it.from:it.to])
}

func asideName(s *segment, from int) string {
	return fmt.Sprintf("%s-%012d.bytes", filepath.Base(s.path), from)
}

// putAside writes b into quarantine. On failure the segment is marked, so that the
// bytes are moved instead of deleted when its time comes (W7).
func (l *Log) putAside(s *segment, name string, b []byte) {
	err := l.makeDir(l.opts.QuarantineDir)
	if err == nil {
		err = l.files.writeFile(l.opts.QuarantineDir, name, b)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		l.mu.Lock()
		s.damaged = true
		l.mu.Unlock()
	}
}

// makeDir makes a directory, if it is missing, whose name survives a power cut:
// nothing that is synced in it would otherwise.
func (l *Log) makeDir(dir string) error {
	if err := l.files.mkdirAll(dir); err != nil {
		return err
	}
	return l.files.syncDir(filepath.Dir(dir))
}
