package sender

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes foreign text safe to show on a terminal or in a log: control
// characters, line ends, direction marks and broken UTF-8 become spaces, runs of
// spaces one, and at most limit bytes stay.
func printable(s string, limit int) string {
	if len(s) > 4*limit {
		s = s[:4*limit] // The rest could not show, whatever it is.
	}
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
