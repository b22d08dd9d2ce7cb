package sender

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

const (
	holderName = "holder"
	// lockWait is how long a process that is just going away is waited for.
	lockWait = time.Second
	lockPoll = 25 * time.Millisecond
)

// Holder is the process that owns a ledger directory, as it wrote itself down.
type Holder struct {
	PID     int    `json:"pid"`
	Program string `json:"program"`
}

// lockDir takes the lock that makes this process the only one on dir (W8): a
// kernel lock on <dir>/holder, which dies with the process however it dies. It is
// separate from the lock on state.db because that file may be moved to
// quarantine, and a lock does not stay with a name. Closing the file unlocks.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, holderName)
	f, err := openHolder(path)
	if err != nil {
		return nil, fmt.Errorf("sender: lock %s: %w", dir, err)
	}
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for start := time.Now(); ; <-poll.C {
		ok, err := tryLock(f)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("sender: lock %s: %w", dir, err), f.Close())
		}
		if ok {
			break
		}
		if time.Since(start) >= lockWait {
			who := parseHolder(f)
			return nil, errors.Join(&LockedError{Dir: dir, Holder: who}, f.Close())
		}
	}
	if err := writeHolder(f, Holder{PID: os.Getpid(), Program: filepath.Base(os.Args[0])}); err != nil {
		return nil, errors.Join(fmt.Errorf("sender: lock %s: %w", dir, err), f.Close())
	}
	return f, nil
}

// openHolder opens the lock file, or makes it. The file is never removed: two
// processes could otherwise hold locks on two files of one name.
func openHolder(path string) (*os.File, error) {
	f, err := fsx.Open(path, os.O_RDWR)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	f, err = fsx.Create(path)
	if errors.Is(err, fs.ErrExist) { // Another process was faster.
		return fsx.Open(path, os.O_RDWR)
	}
	return f, err
}

// writeHolder records who holds the lock, for whoever finds it taken. On a full
// disk the old text may stay; it informs and decides nothing.
func writeHolder(f *os.File, h Holder) error {
	text := fmt.Sprintf("pid %d\nprogram %s\n", h.PID, printable(h.Program, 64))
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(text), 0); err != nil && !isFull(err) {
		return err
	}
	return nil
}

// parseHolder reads what a holder wrote, as far as it can be understood.
func parseHolder(r io.ReaderAt) Holder {
	var h Holder
	buf := make([]byte, 256)
	n, _ := r.ReadAt(buf, 0) // A short or failed read leaves less to tell.
	for line := range strings.SplitSeq(string(buf[:n]), "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "pid":
			if pid, err := strconv.Atoi(value); err == nil && pid > 0 {
				h.PID = pid
			}
		case "program":
			h.Program = printable(value, 64)
		}
	}
	return h
}
