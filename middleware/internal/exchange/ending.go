package exchange

import (
	"log/slog"
	"strconv"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// Ending is how an exchange ended.
type Ending uint8

// The endings.
const (
	Returned   Ending = iota // the handler returned
	ClientGone               // and its client had left before the response was complete
	Aborted                  // the handler gave up: http.ErrAbortHandler, runtime.Goexit
	Panicked
)

// StatusClosed is nginx's number for an exchange that ended without an answer. It is
// recorded, never sent.
const StatusClosed = 499

// finalStatus returns the status to record; sent is 0 if none was sent.
func finalStatus(e Ending, sent int) int {
	switch {
	case sent != 0:
		return sent
	case e == Panicked:
		return 500
	case e == Aborted, e == ClientGone:
		return StatusClosed
	}
	return 200 // what a server sends when the handler returns
}

// levelOf rates an exchange. An error that the application named makes it a warning
// at least, unless it is only how the application found out that its client left.
func levelOf(e Ending, status int, err error) slog.Level {
	switch {
	case e == Panicked:
		return slog.LevelError
	case e != Returned:
		return slog.LevelInfo
	case status >= 500:
		return slog.LevelError
	case err != nil, status >= 400 && status != 429: // 429 is the server at work
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// importanceOf follows the server's own rule for records that name none.
func importanceOf(l slog.Level) ledger.Importance {
	switch {
	case l >= ledger.LevelCritical:
		return ledger.ImportanceCritical
	case l >= slog.LevelError:
		return ledger.ImportanceHigh
	}
	return ledger.ImportanceStandard
}

// errorType returns the value of error.type, empty if the exchange did not fail on
// the server's side.
func (f *Facts) errorType() string {
	switch {
	case f.Ending == Panicked:
		return ledger.ErrorType(f.Panic)
	case f.Ending == Aborted:
		return "aborted"
	case f.Ending == ClientGone:
		return "client_closed_request"
	case f.Status >= 500:
		return strconv.Itoa(f.Status)
	}
	return ""
}

// PanicError returns a panic's value as an error.
func PanicError(v any) error {
	if err, ok := v.(error); ok {
		return err
	}
	return &ledger.Panic{Value: v}
}
