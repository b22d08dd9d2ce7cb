//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package sender

import (
	"errors"
	"os"
	"syscall"
)

// tryLock does nothing here: these systems have no lock that belongs to an open
// file, and the lock that bbolt takes on state.db is what keeps W8.
func tryLock(*os.File) (bool, error) { return true, nil }

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) }
