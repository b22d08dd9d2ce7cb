package otlp

import (
	"strings"
	"unicode/utf8"
)

// Mark ends every text that was cut.
const Mark = "... [truncated]"

// MaxPlainText is a length in bytes up to which no attribute is cut, whatever its key and
// its text.
const MaxPlainText = 1024

// Clean returns s without NUL and with each run of invalid UTF-8 replaced by one
// U+FFFD (E2). It allocates only if there is something to repair.
func Clean(s string) string {
	if IsASCII(s) || strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), string(utf8.RuneError))
}

// IsASCII reports whether all bytes of s are 0x01 to 0x7f, eight at a time. Every
// key and every string of every record passes here.
func IsASCII(s string) bool {
	n := len(s)
	if n < 8 {
		for i := range n {
			if s[i]-1 >= 0x7f {
				return false
			}
		}
		return true
	}
	odd := uint64(0)
	for i := 0; i+8 < n; i += 8 {
		odd |= oddBytes(s[i : i+8])
	}
	return odd|oddBytes(s[n-8:]) == 0
}

// oddBytes returns a bit for each of eight bytes that is 0, or 0x80 and more, unless
// one before it is. x-low borrows into the high bit where a byte is 0.
func oddBytes(s string) uint64 {
	const low, high = 0x0101010101010101, 0x8080808080808080
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	return ((x - low) | x) & high
}

// Cut returns s in at most limit code points, Mark included where it had to cut.
// A byte that is not UTF-8 counts as one code point, which is the most that Clean
// makes of it. limit must not be less than len(Mark).
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s // a code point takes at least one byte
	}
	runes, at := 0, 0
	for i := range s {
		if runes == limit-len(Mark) {
			at = i
		}
		if runes == limit {
			return s[:at] + Mark
		}
		runes++
	}
	return s
}
