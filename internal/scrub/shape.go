package scrub

// features count what a word is made of.
type features struct {
	digits, upper, lower, other int
	turns                       int // from a lower-case letter to an upper-case one
}

func featuresOf(word string) features {
	var f features
	for i := range len(word) {
		switch c := word[i]; {
		case isDigit(c):
			f.digits++
		case isUpper(c):
			f.upper++
			if i > 0 && isLower(word[i-1]) {
				f.turns++
			}
		case isLower(c):
			f.lower++
		default:
			f.other++
		}
	}
	return f
}

// looksRandom reports whether a word is more likely a credential than a word of a
// sentence or a name.
func looksRandom(word string) bool {
	f := featuresOf(word)
	letters := f.upper + f.lower
	switch {
	case len(word) < 6:
		return false
	case f.digits > 0 && letters > 0:
		return word != "oauth2" && word != "OAuth2" && word != "rfc6750"
	case len(word) >= 12 && f.turns >= 2:
		return true
	case len(word) >= 24:
		return f.other*6 < len(word)
	}
	return len(word) >= 12 && f.digits > 8
}

// wordStart reports whether a word may begin at i: at the start, after what is no part
// of a word, or after an escape of JSON or of a URL.
func wordStart(text string, i int) bool {
	if i <= 0 {
		return true
	}
	c := text[i-1]
	if class[c]&isAlnum == 0 {
		return c != '_'
	}
	switch {
	case i >= 2 && text[i-2] == '\\':
		return afterEscape(text, i-1, i) == i
	case i >= 6 && text[i-6] == '\\':
		return text[i-5] == 'u'
	case i >= 3 && text[i-3] == '%':
		return isHex(c) && isHex(text[i-2])
	}
	return false
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= lower(c) && lower(c) <= 'f' }

// plainWord reports whether a value could be a word of a sentence: letters, with a hyphen
// or an apostrophe perhaps, in small letters, with a capital, or in capitals.
func plainWord(v string) bool {
	for i := range len(v) {
		if c := v[i]; !isLower(lower(c)) && (i == 0 || c != '-' && c != '\'') {
			return false
		}
	}
	f := featuresOf(v)
	return f.lower == 0 || f.upper == 0 || f.upper == 1 && isUpper(v[0])
}
