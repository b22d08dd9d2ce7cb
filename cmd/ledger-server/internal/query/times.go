package query

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var errTime = errors.New("neither a time as in 2006-01-02T15:04:05Z nor a Unix time")

// parseTime reads a time as RFC 3339 or as a Unix time, in seconds with or
// without a fraction, or a whole number of milli-, micro- or nanoseconds: which
// of them it is shows in its size. The result is in Unix nanoseconds.
func parseTime(s string) (int64, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return nanoseconds(t.Unix(), int64(t.Nanosecond()))
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 {
		return 0, errTime
	}
	if hasFraction {
		f, err := parseFraction(fraction)
		if err != nil {
			return 0, err
		}
		return nanoseconds(n, f)
	}
	// Seconds beyond the year 5000 are meant as something finer.
	switch {
	case n < 1e11:
		return nanoseconds(n, 0)
	case n < 1e14:
		return n * 1e6, nil
	case n < 1e17:
		return n * 1e3, nil
	}
	return n, nil
}

// parseFraction returns the nanoseconds that digits behind a point mean.
func parseFraction(digits string) (int64, error) {
	const places = 9
	if digits == "" || len(digits) > places {
		return 0, errTime
	}
	f, err := strconv.ParseUint(digits+strings.Repeat("0", places-len(digits)), 10, 32)
	if err != nil {
		return 0, errTime
	}
	return int64(f), nil
}

func nanoseconds(seconds, rest int64) (int64, error) {
	const most = math.MaxInt64/int64(time.Second) - 1
	if seconds > most || seconds < -most {
		return 0, errors.New("a time too far away")
	}
	return seconds*int64(time.Second) + rest, nil
}
