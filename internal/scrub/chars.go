package scrub

// Sets of characters, as bits of class.
const (
	isAlnum  uint8 = 1 << iota // letters and digits of ASCII
	inKey                      // of a key in text
	inBase64                   // either alphabet, and padding
	inToken                    // base64url without padding
	inLocal                    // before the @ of an address; letters beyond ASCII too
	inDomain                   // after it
	isSpace                    // blank, tab, end of line
	endsBare                   // ends a value without quotes, whatever follows
)

var class = classTable()

func classTable() (table [256]uint8) {
	for c := range 256 {
		b := byte(c)
		if isUpper(b) || isLower(b) || isDigit(b) {
			table[c] = isAlnum | inKey | inBase64 | inToken | inLocal | inDomain
		}
		if c >= 0x80 {
			table[c] = inLocal | inDomain
		}
	}
	add := func(chars string, bit uint8) {
		for _, c := range []byte(chars) {
			table[c] |= bit
		}
	}
	add("_-.", inKey|inLocal)
	add("-_+/=", inBase64)
	add("-_", inToken)
	add("%+~", inLocal)
	add("-.", inDomain)
	add(" \t\r\n", isSpace|endsBare)
	add("\"'`<>\x00", endsBare)
	return table
}

// runEnd is the end of the run of characters of a set that begins at i.
func runEnd(text string, i int, set uint8) int {
	for i < len(text) && class[text[i]]&set != 0 {
		i++
	}
	return i
}

// runStart is the start of the run of characters of a set that ends at i. It is not
// before floor.
func runStart(text string, i, floor int, set uint8) int {
	for i > floor && class[text[i-1]]&set != 0 {
		i--
	}
	return i
}

// isAt reports whether a character of a set is at i.
func isAt(text string, i int, set uint8) bool {
	return i >= 0 && i < len(text) && class[text[i]]&set != 0
}

// byteAt is the character at i, or 0 beyond either end.
func byteAt(text string, i int) byte {
	if i < 0 || i >= len(text) {
		return 0
	}
	return text[i]
}

// hasAt reports whether s is at i.
func hasAt(text string, i int, s string) bool {
	return i >= 0 && i <= len(text) && len(text)-i >= len(s) && text[i:i+len(s)] == s
}

// hasFoldAt reports whether s, which is in lower case, is at i in any case.
func hasFoldAt(text string, i int, s string) bool {
	if i < 0 || len(text)-i < len(s) {
		return false
	}
	for j := range len(s) {
		if lower(text[i+j]) != s[j] {
			return false
		}
	}
	return true
}

// afterEscape moves the start of a run past the rest of a backslash escape: in \nbob the
// n is no part of the name, nor is u003c in \u003cbob.
func afterEscape(text string, start, end int) int {
	if start == 0 || start >= end || text[start-1] != '\\' {
		return start
	}
	switch text[start] {
	case 'u':
		return min(start+5, end)
	case 'n', 'r', 't', 'b', 'f':
		return start + 1
	}
	return start
}
