package middleware

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// ending is how an exchange ended.
type ending uint8

const (
	returned   ending = iota // the handler returned
	clientGone               // and its client had left before the response was complete
	aborted                  // the handler gave up: http.ErrAbortHandler, runtime.Goexit
	panicked
)

// statusClosed is nginx's number for an exchange that ended without an answer. It is
// recorded, never sent.
const statusClosed = 499

// endingOf decides it from whether the handler returned, the value of its panic, and
// whether its client left.
func endingOf(back bool, v any, gone bool) ending {
	switch {
	case v == nil && !back, v == any(http.ErrAbortHandler):
		return aborted
	case v != nil:
		return panicked
	case gone:
		return clientGone
	}
	return returned
}

// finalStatus returns the status to record; sent is 0 if none was sent.
func finalStatus(e ending, sent int) int {
	switch {
	case sent != 0:
		return sent
	case e == panicked:
		return http.StatusInternalServerError
	case e == aborted, e == clientGone:
		return statusClosed
	}
	return http.StatusOK // net/http sends it when the handler returns
}

func levelOf(e ending, status int) slog.Level {
	switch {
	case e == panicked:
		return slog.LevelError
	case e != returned:
		return slog.LevelInfo
	case status >= 500:
		return slog.LevelError
	case status == http.StatusTooManyRequests:
		return slog.LevelInfo
	case status >= 400:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// importanceOf follows the server's own rule for records that name none.
func importanceOf(l slog.Level) ledger.Importance {
	if l >= slog.LevelError {
		return ledger.ImportanceHigh
	}
	return ledger.ImportanceStandard
}

// errorType returns the value of error.type, empty if the exchange did not fail on
// the server's side.
func errorType(e ending, status int, v any) string {
	switch {
	case e == panicked:
		return fmt.Sprintf("%T", panicError(v))
	case e == aborted:
		return "aborted"
	case e == clientGone:
		return "client_closed_request"
	case status >= 500:
		return strconv.Itoa(status)
	}
	return ""
}
