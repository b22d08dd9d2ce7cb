//go:build linux || darwin

package sender

import (
	"os/signal"
	"syscall"
)

const canLimitFileSize = true

// limitFileSize makes every write behind n bytes of a file fail, as on a full disk.
func limitFileSize(n uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
}
