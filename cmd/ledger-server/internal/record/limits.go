package record

import (
	"math"
	"time"
	"unicode/utf8"
)

// MaxBatch is the number of records the platform takes in one request.
const MaxBatch = 1000

// Text longer than these, in characters, is cut: the platform's gateway does so.
const (
	MaxMessage         = 10_000
	MaxErrorType       = 255
	MaxErrorMessage    = 5_000
	MaxStackTrace      = 50_000
	MaxEnvironment     = 20
	MaxRelease         = 100
	MaxSDKVersion      = 20
	MaxPlatform        = 50
	MaxPlatformVersion = 50
	MaxID              = 64
)

// A record beyond one of these is rejected, alone.
const (
	// MaxAttributes bounds the attributes in characters of JSON, everything
	// outside ASCII escaped: that is how the platform counts.
	MaxAttributes = 100_000
	// MaxAhead is how far a record's time may lie in the future.
	MaxAhead = 5 * time.Minute

	// The widths of the platform's database columns. It answers 200 to a
	// record beyond them, fails to insert it later, and throws it away together
	// with up to 199 neighbours. Here only the record itself is refused, and
	// the answer says so.
	MaxMethod     = 8
	MaxPath       = 2048
	MinStatusCode = math.MinInt16
	MaxStatusCode = math.MaxInt16
	MaxDurationMS = math.MaxInt32
	MinDurationMS = math.MinInt32
)

// Cut returns s without what follows its first limit characters.
func Cut(s string, limit int) string {
	if len(s) <= limit { // no string has more characters than bytes
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}

// Longer reports whether s has more than limit characters.
func Longer(s string, limit int) bool {
	return len(s) > limit && utf8.RuneCountInString(s) > limit
}
