package ledger

import (
	"errors"

	"github.com/ledger-sdk/ledger-go/sender"
)

var (
	// ErrClosed is returned by Log after Shutdown or Close.
	ErrClosed = errors.New("ledger: client is closed")
	// ErrTooLarge is returned by Log for a record that is larger than the library
	// carries even after its fields were cut to their limits.
	ErrTooLarge = errors.New("ledger: record is too large")
	// ErrNotSynced is returned, joined with its cause, by Sync, and by Log under
	// SyncAlways, when the disk could not make the records safe. They are admitted
	// all the same and are synced as soon as the disk lets them.
	ErrNotSynced = errors.New("ledger: records are not synced")
	// ErrLocked is matched by the error of Open when another process owns the
	// directory (W8). Its text names the directory and the process.
	ErrLocked = sender.ErrLocked
)

// PendingError is returned by Flush and Shutdown when their context ended before
// everything was delivered. Nothing is lost: the records wait on disk.
type PendingError struct {
	// Op is flush or shutdown.
	Op string
	// Pending is how many records wait.
	Pending uint64
	// Reason is what the server or the network last said, "" if nothing failed.
	Reason string
	// Err is the context's error.
	Err error
}

func (e *PendingError) Error() string {
	text := "ledger: " + e.Op + ": " + plural(e.Pending, "record") + " on disk to be delivered later: " + e.Err.Error()
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	return text
}

// Unwrap returns the context's error.
func (e *PendingError) Unwrap() error { return e.Err }
