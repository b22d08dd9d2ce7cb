package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// hold says whether a process owns a directory.
type hold uint8

const (
	holdUnknown hold = iota // this system has no lock to ask
	holdNone
	holdLive
)

// errNoLocks is returned by tryShared where files cannot be locked.
var errNoLocks = errors.New("no file locks on this system")

// askHold asks the kernel whether the directory's owner lives. The lock is what
// counts (W8): a process that was killed leaves its name behind and not its lock.
//
// A shared lock is taken and let go at once; nothing is written. A process that
// opens the directory in that instant finds it locked and tries again, which it
// does for a second in any case (R2).
func askHold(dir string) (hold, error) {
	f, err := fsx.Open(filepath.Join(dir, "holder"), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return holdNone, nil
	}
	if err != nil {
		return holdUnknown, err
	}
	free, err := tryShared(f)
	closeErr := f.Close() // Unlocks.
	switch {
	case errors.Is(err, errNoLocks):
		return holdUnknown, nil
	case err != nil:
		return holdUnknown, fmt.Errorf("lock %s: %w", f.Name(), err)
	case free:
		return holdNone, closeErr
	}
	return holdLive, closeErr
}
