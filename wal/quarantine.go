package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// quarantine copies bytes [from, to) of a segment aside, under a name that says
// where they were. Doing it twice is doing it once. On failure the segment is
// marked, so that the bytes are moved instead of deleted when its time comes (W7).
func (l *Log) quarantine(s *segment, b []byte, from, to int) {
	dir := l.opts.QuarantineDir
	err := fsx.MkdirAll(dir)
	if err == nil {
		name := fmt.Sprintf("%s-%012d.bytes", filepath.Base(s.path), from)
		err = fsx.WriteFile(dir, name, b[from:to])
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		l.mu.Lock()
		s.damaged = true
		l.mu.Unlock()
	}
}

// rot puts bytes aside that went bad after Open had verified them.
func (l *Log) rot(s *segment, b []byte, it item) { l.quarantine(s, b, it.from, it.to) }
