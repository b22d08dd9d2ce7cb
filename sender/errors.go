package sender

import (
	"errors"
	"fmt"
	"strconv"
)

var (
	// ErrLocked is matched by [*LockedError]: another process owns the directory (W8).
	ErrLocked = errors.New("directory is in use by another process")
	// ErrDamaged is returned by [ReadState] for a state file that cannot be
	// understood. [OpenState] moves such a file to quarantine instead.
	ErrDamaged = errors.New("state file is damaged")
	// ErrNewer is matched by [*FormatError]: a newer version of this library
	// wrote the state file, and only that version may change it.
	ErrNewer = errors.New("state file is of a newer format")
	// ErrBehind is returned by [State.Save] for a checkpoint that is behind the
	// stored one. The acked offset never moves back (W2).
	ErrBehind = errors.New("checkpoint is behind the stored one")
	// ErrEpoch is returned by [State.Save] for a checkpoint of another epoch:
	// offsets of different epochs are never compared (W1).
	ErrEpoch = errors.New("checkpoint is of another epoch")
	// ErrClosed is returned by the methods of a closed [State].
	ErrClosed = errors.New("state is closed")
	// ErrStopped is returned by [Sender.Flush] once [Sender.Run] has returned.
	ErrStopped = errors.New("sender has stopped")
)

// LockedError says which process owns a ledger directory. The kernel's lock is
// the truth; who holds it is what the holder wrote down, and may be missing.
type LockedError struct {
	// Dir is the ledger directory.
	Dir string
	// Holder is the process that owns it. A zero PID means that it is unknown.
	Holder Holder
}

func (e *LockedError) Error() string {
	who := "unknown"
	if e.Holder.PID != 0 {
		who = "pid " + strconv.Itoa(e.Holder.PID)
	}
	if e.Holder.Program != "" {
		who += " (" + e.Holder.Program + ")"
	}
	return fmt.Sprintf("sender: lock %s: %v: %s", e.Dir, ErrLocked, who)
}

// Unwrap makes the error match [ErrLocked].
func (e *LockedError) Unwrap() error { return ErrLocked }

// FormatError says that a state file was written by a newer version.
type FormatError struct {
	// Path of the state file.
	Path string
	// Found is the file's format version, Known the newest this version reads.
	Found, Known uint32
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("sender: open %s: %v: version %d, this program knows up to %d", e.Path, ErrNewer, e.Found, e.Known)
}

// Unwrap makes the error match [ErrNewer].
func (e *FormatError) Unwrap() error { return ErrNewer }
