package sender

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what a server may ask for: a slip of its clock or of a
// unit must not silence a service for days.
const maxRetryAfter = time.Hour

// parseRetryAfter returns the pause that a server asks for, in seconds or as a
// date, at most maxRetryAfter. Nothing, nonsense and anything that is not in the
// future is 0: our own delay is the better one then.
//
// A date is counted from the answer's own Date if it has one, so that a clock
// that differs from the server's does not change the pause.
func parseRetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseUint(value, 10, 64)
		if err != nil || seconds > uint64(maxRetryAfter/time.Second) {
			return maxRetryAfter // Too many digits are too many seconds.
		}
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}
