package scrub

// next finds the first secret that begins at from or later, and reports whether there is
// one. What stands before from is only read, for its meaning.
//
// It looks at pairs of characters, at every second place. Each shape of secret has a
// telling pair at an even and one at an odd distance from its start, so none slips
// through; a card number has four digits at a multiple of four. Only where such a pair
// stands is a text looked at more closely. Text and Clean both stand on this function,
// which is why they agree (P3).
func (s *Scrubber) next(text string, from int) (span, bool) {
	i := from
	for ; i+8 <= len(text); i += 8 {
		x := eight(text, i)
		if telling(x) != 0 {
			if found, ok := s.pairs(text, from, i, i+8); ok {
				return found, true
			}
		}
		if other := nonDigits(x); uint32(other) == 0 || other>>32 == 0 {
			if found, ok := numbers(text, from, i, i+8); ok {
				return found, true
			}
		}
	}
	if i+4 <= len(text) {
		if found, ok := numbers(text, from, i, len(text)); ok {
			return found, true
		}
	}
	// What is left over is looked at together with what comes before it, in one step. A
	// last character without a second is none of a pair: nothing follows it.
	if len(text)-from >= 8 {
		if i = from + (len(text)-from-8)&^1; telling(eight(text, i)) == 0 {
			return span{}, false
		}
	}
	return s.pairs(text, from, i, len(text))
}

// eight returns the characters from i on, the first in the lowest byte.
func eight(text string, i int) uint64 {
	t := text[i : i+8]
	return uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
		uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
}

// telling reports whether one of four pairs is telling. To take the characters out of
// the word is cheaper than to load each of them.
func telling(x uint64) uint32 {
	return first[byte(x)]&second[byte(x>>8)] | first[byte(x>>16)]&second[byte(x>>24)] |
		first[byte(x>>32)]&second[byte(x>>40)] | first[byte(x>>48)]&second[byte(x>>56)]
}

// nonDigits has the upper bit of each byte of x set that is no digit.
func nonDigits(x uint64) uint64 {
	const ones = 0x0101010101010101
	d := x ^ '0'*ones
	return ((d&(0x7F*ones) + 0x76*ones) | d) & (0x80 * ones)
}

// numbers looks closely at the groups of four digits in text[i:end].
func numbers(text string, from, i, end int) (span, bool) {
	for ; i+4 <= end; i += 4 {
		if isDigit(text[i]) && isDigit(text[i+1]) && isDigit(text[i+2]) && isDigit(text[i+3]) {
			if found, ok := card(text, from, i); ok {
				return found, true
			}
		}
	}
	return span{}, false
}

// pairs looks closely at the telling pairs in text[i:end].
func (s *Scrubber) pairs(text string, from, i, end int) (span, bool) {
	for ; i < end; i += 2 {
		b := byte(0)
		if i+1 < len(text) {
			b = text[i+1]
		}
		if met := first[text[i]] & second[b]; met != 0 {
			if found, ok := s.consider(text, from, i, met); ok {
				return found, true
			}
		}
	}
	return span{}, false
}

// consider looks at the telling pair at i.
func (s *Scrubber) consider(text string, from, i int, met uint32) (span, bool) {
	if met&singleFirst != 0 {
		if found, ok := s.at(text, from, i); ok {
			return found, true
		}
	}
	if met&singleSecond != 0 {
		if found, ok := s.at(text, from, i+1); ok {
			return found, true
		}
	}
	if met&prefix != 0 {
		// A word after an escape is found from the escape, so a plain look back is enough.
		for start := max(i-2, from); start <= i+1 && start < len(text); start++ {
			if tokenStarts[text[start]] && (start == 0 || class[text[start-1]]&isAlnum == 0) {
				if found, ok := token(text, from, start); ok {
					return found, true
				}
			}
		}
	}
	if met&dashes != 0 {
		return s.dashes(text, from, i)
	}
	return span{}, false
}

// at looks at a character that is telling on its own.
func (s *Scrubber) at(text string, from, i int) (span, bool) {
	switch c := byteAt(text, i); c {
	case '@':
		return email(text, from, i, 1)
	case '=', ':':
		return s.separator(text, i, 1)
	case '%':
		return s.escaped(text, from, i)
	case '>':
		return s.element(text, i)
	case 'J':
		return jwt(text, from, i-2)
	case '\\':
		return token(text, from, afterEscape(text, i+1, len(text)))
	}
	return span{}, false
}

// What a telling pair may be part of.
const (
	singleFirst  uint32 = 1 // its first character is telling on its own
	singleSecond uint32 = 2
	dashes       uint32 = 4 // -----BEGIN, --password
	prefix       uint32 = ^uint32(7)
)

// tokenStarts are the first letters of what token knows.
var tokenStarts = func() (set [256]bool) {
	for _, c := range []byte("AbBgnhwSxsrl") {
		set[c] = true
	}
	return set
}()

var first, second = pairTables()

func pairTables() (first, second [256]uint32) {
	for c := range 256 {
		first[c] |= singleSecond
		second[c] |= singleFirst
	}
	for _, c := range []byte(`@=:%>J\`) {
		first[c] |= singleFirst
		second[c] |= singleSecond
	}
	for _, c := range []byte("- \t\n\"'[`=") {
		first[c] |= dashes
	}
	second['-'] |= dashes
	bit := uint32(1 << 3)
	// A pair is telling in the case in which it is written here.
	for _, pair := range [][2]string{
		{"A", "KIS"}, {"KS", "I"}, {"I", "z"}, // AKIA, ASIA, AIza
		{"bB", "eEaA"},           // Bearer, Basic
		{"g", "hil"}, {"n", "p"}, // ghp_, github_pat_, glpat-, npm_
		{"p", "m"}, {"sr", "k"}, // npm_, sk_live_, rk_live_, sk-
		{"k", "_-"}, {"x", "o"}, // sk_live_, sk-, xoxb-
		{"o", "x"}, {"d", "g"}, // xoxb-, ledger_
		{"w", "h"}, {"h", "s"}, // whsec_
		{"S", "G"}, {"G", "."}, // SG.
		{"h", "f"}, {"f", "_"}, // hf_
	} {
		for _, c := range []byte(pair[0]) {
			first[c] |= bit
		}
		for _, c := range []byte(pair[1]) {
			second[c] |= bit
		}
		bit <<= 1
	}
	// The start of a word, for those whose second and third letters are everyday.
	for c := range 256 {
		if class[c]&isAlnum == 0 && c != '_' {
			first[c] |= bit
		}
	}
	for _, c := range []byte("bBgl") {
		second[c] |= bit
	}
	return first, second
}
