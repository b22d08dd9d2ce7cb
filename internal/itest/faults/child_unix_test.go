//go:build unix

package faults

import (
	"errors"
	"os/signal"
	"syscall"
)

// nobody is a user without rights.
const nobody = 65534

// dropRoot makes this process one of a user without rights.
func dropRoot() error { return errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)) }

// limitFileSize makes every write behind n bytes of a file fail, as on a full disk.
func limitFileSize(n uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &lim); err != nil {
		return err
	}
	lim.Cur = min(n, lim.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &lim)
}
