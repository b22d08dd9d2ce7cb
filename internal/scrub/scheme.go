package scrub

import (
	"encoding/base64"
	"strings"
)

// scheme finds the credentials after Bearer and Basic, in any case, wherever the two
// words stand. The word itself stays.
func scheme(text string, start int) (span, bool) {
	end := start
	bearer := false
	switch {
	case hasFoldAt(text, start, "bearer"):
		bearer, end = true, start+len("bearer")
	case hasFoldAt(text, start, "basic"):
		end = start + len("basic")
	}
	value := afterBlank(text, end)
	if value == end {
		return span{}, false
	}
	stop := credentialEnd(text[:min(len(text), value+maxBasic)], value)
	v := text[value:stop]
	if contains(strings.TrimRight(v, "="), '=') || byteAt(text, stop) == '"' && v != "" && v[len(v)-1] == '=' && !isBasic(v) {
		return span{}, false // realm="...": a challenge, not an answer
	}
	if (bearer && looksRandom(v)) || (!bearer && isBasic(v)) {
		return span{value, credentialEnd(text, value), Redacted}, true
	}
	return span{}, false
}

// afterBlank skips the blanks at i, as they are or as a URL encodes them.
func afterBlank(text string, i int) int {
	for limit := i + 8; i < limit; {
		switch {
		case byteAt(text, i) == ' ', byteAt(text, i) == '\t', byteAt(text, i) == '+':
			i++
		case hasAt(text, i, "%20"):
			i += 3
		default:
			return i
		}
	}
	return i
}

// credentialEnd is the end of a token68 of RFC 9110, without the full stop of a sentence.
func credentialEnd(text string, i int) int {
	start := i
	for i < len(text) && (class[text[i]]&inBase64 != 0 || text[i] == '.' || text[i] == '~') {
		i++
	}
	for i > start && text[i-1] == '.' {
		i--
	}
	return i
}

// maxBasic is how much is looked at of what may be credentials.
const maxBasic = 512

// isBasic reports whether v is a name, a colon and a password in base64.
func isBasic(v string) bool {
	for len(v) > 0 && v[len(v)-1] == '=' {
		v = v[:len(v)-1]
	}
	if len(v) > maxBasic {
		v = v[:maxBasic]
	}
	if len(v) < 4 {
		return false
	}
	var encoded, buf [maxBasic]byte
	n, err := base64.RawStdEncoding.Decode(buf[:], encoded[:copy(encoded[:], v)])
	if err != nil && n == 0 {
		return false
	}
	for _, c := range buf[:n] {
		if c == ':' {
			return true
		}
		if c < ' ' {
			return false
		}
	}
	return false
}
