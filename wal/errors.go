package wal

import "errors"

var (
	// ErrClosed is returned by every method after [Log.Close].
	ErrClosed = errors.New("wal: log is closed")
	// ErrPoisoned is returned, joined with its cause, after a write or a sync
	// failed and until [Log.Heal] succeeded. Nothing that was appended is
	// forgotten meanwhile.
	ErrPoisoned = errors.New("wal: log is poisoned")
	// ErrOrder is returned by [Log.Append] for a run that does not follow the
	// records before it.
	ErrOrder = errors.New("wal: append: offsets do not follow")
)

// opError is an error of this package in the form `wal: op: cause`.
type opError struct {
	op  string
	err error
}

func (e *opError) Error() string { return "wal: " + e.op + ": " + e.err.Error() }
func (e *opError) Unwrap() error { return e.err }

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &opError{op, err}
}
