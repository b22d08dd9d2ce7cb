package ingest

import (
	"fmt"
	"net/http"
	"time"
)

// How long a client is asked to wait. A full queue is gone in a moment, a full
// disk is not.
const (
	busyRetry    = time.Second
	storageRetry = 5 * time.Second
)

// A problem is why a whole request was refused.
type problem struct {
	status     int
	message    string
	retryAfter time.Duration // sent if set
}

func (p *problem) Error() string { return p.message }

func malformed(format string, args ...any) error {
	return &problem{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) error {
	return &problem{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf(format, args...)}
}

func unsupported(message string) error {
	return &problem{status: http.StatusUnsupportedMediaType, message: message}
}

func busy(message string) error {
	return &problem{status: http.StatusServiceUnavailable, message: message, retryAfter: busyRetry}
}
