package ledger

import (
	"log/slog"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// What the server's JSON writer makes of values. It escapes all that is not ASCII,
// so "é" is six characters, and separates with ", " and ": ".
const (
	pairJSON   = 8  // quotes around key and value, ": " and ", "
	scalarJSON = 40 // the longest number, or time, with quotes
)

// cost returns the characters of a plain attribute, with its copies.
func cost(a slog.Attr, endpoint bool) int {
	return (textJSON(a.Key) + pairJSON + valueJSON(a.Value)) * copies(a.Key, endpoint)
}

// valueJSON returns the most characters of a plain value, without the quotes of a
// text.
func valueJSON(v slog.Value) int {
	switch v.Kind() {
	case slog.KindString:
		return textJSON(v.String())
	case slog.KindAny:
		return anyJSON(v.Any())
	default:
		return scalarJSON
	}
}

func anyJSON(x any) int {
	const separator = 2
	switch x := x.(type) {
	case string:
		return textJSON(x) + 2
	case []byte:
		return (len(x) + 2) / 3 * 4 // base64
	case []string:
		n := 2
		for _, s := range x {
			n += textJSON(s) + 2 + separator
		}
		return n
	case []any:
		n := 2
		for _, e := range x {
			n += anyJSON(e) + 2 + separator
		}
		return n
	case []int:
		return listJSON(len(x))
	case []int64:
		return listJSON(len(x))
	case []float64:
		return listJSON(len(x))
	case []bool:
		return listJSON(len(x))
	default:
		return scalarJSON
	}
}

// listJSON is for numbers, which take at most 24 characters.
func listJSON(n int) int { return 2 + 26*n }

// textJSON returns the characters of a text, without quotes.
func textJSON(s string) int {
	n := 0
	for _, r := range s {
		n += runeJSON(r)
	}
	return n
}

func runeJSON(r rune) int {
	switch {
	case r == '"' || r == '\\' || '\b' <= r && r <= '\r' && r != '\v':
		return 2
	case ' ' <= r && r <= '~':
		return 1
	case r > 0xffff:
		return 12 // a surrogate pair
	default:
		return 6
	}
}

// cutJSON cuts a text so that it takes at most limit characters, the mark included.
// limit must not be less than the mark.
func cutJSON(s string, limit int) string {
	if len(s)*6 <= limit {
		return s
	}
	n, at := 0, 0
	for i, r := range s {
		if n <= limit-len(otlp.Mark) {
			at = i
		}
		if n += runeJSON(r); n > limit {
			return s[:at] + otlp.Mark
		}
	}
	return s
}

// isBlank reports whether nothing is left of a text once it is cleaned. The server
// takes such a field for an absent one.
func isBlank(s string) bool {
	for _, r := range s {
		if r != ' ' && r != 0 && (r < '\t' || r > '\r') {
			return false
		}
	}
	return true
}
