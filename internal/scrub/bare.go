package scrub

// maxJudged is how much of a value is looked at to tell whether it is a secret. Other
// pairs may begin within a value that has no blanks; if each were read to the end of
// the text, the time would be quadratic (P4).
const maxJudged = 128

// bare hides a value that has no quotes around it.
func (p *pair) bare(text string) (span, bool) {
	found, ok := p.judge(text)
	if ok && found.end == p.value+maxJudged {
		found.end = p.bareEnd(text, found.end, len(text))
	}
	return found, ok
}

// judge is bare for the beginning of a value.
func (p *pair) judge(text string) (span, bool) {
	limit := min(len(text), p.value+maxJudged)
	if p.spaced {
		limit = len(text) // no other pair with a blank begins within it
	}
	end := p.bareEnd(text, p.value, limit)
	v := text[p.value:end]
	if v == "" || masked(v) || isPlaceholder(v) {
		return span{}, false
	}
	switch p.kind {
	case cookies:
		if p.colon && contains(v, '=') {
			end = lineEnd(text, p.value)
			return span{p.value, end, Redacted}, true
		}
	case statement:
		if found, ok := p.credentials(text, end); ok || schemeLength(text[p.value:min(len(text), end+1)]) > 0 {
			return found, ok
		}
	default: // the others may be anything
	}
	if !p.worth(text, v, end) {
		return span{}, false
	}
	with := Redacted
	if p.mark != "" && p.colon {
		with = p.mark + Redacted + p.mark // a number of JSON
	}
	return span{p.value, end, with}, true
}

// credentials hides what follows the scheme of an Authorization header.
func (p *pair) credentials(text string, end int) (span, bool) {
	start := afterBlank(text, end)
	if start == end || start >= len(text) || text[end] == '+' {
		return span{}, false
	}
	word := text[p.value:end]
	stop := p.bareEnd(text, start, len(text))
	v := text[start:stop]
	if v == "" || masked(v) || hasAt(text, start, Redacted) {
		return span{}, false
	}
	if schemeLength(word+" ") == 0 {
		// A scheme of somebody's own, or the words of an error.
		return span{start, stop, Redacted}, plainWord(word) && looksRandom(v)
	}
	if takesParameters(word) {
		if !contains(v, '=') {
			return span{}, false
		}
		return span{start, lineEnd(text, start), Redacted}, true
	}
	return span{start, stop, Redacted}, !plainWord(v) || (!isStop(v) && endsSegment(text, stop))
}

// bareEnd is the end of a value without quotes that begins at i, or limit.
func (p *pair) bareEnd(text string, i, limit int) int {
	for ; i < limit; i++ {
		c := text[i]
		if class[c]&endsBare != 0 {
			return i
		}
		switch c {
		case '&', ',', ';':
			if startsPair(text, i+1) {
				return i
			}
		case ')', ']', '}':
			if endsAfterCloser(byteAt(text, i+1)) {
				return i
			}
		case '\\':
			if next := byteAt(text, i+1); isEscaped(next) || next == '"' || next == '\'' || next == '\\' {
				return i
			}
		case '#':
			if p.query {
				return i
			}
		case '%':
			if p.encoded && (hasAt(text, i, "%26") || hasAt(text, i, "%22") || hasAt(text, i, "%20") || hasAt(text, i, "%23")) {
				return i
			}
		}
	}
	return i
}

// startsPair reports whether what begins at i, after a separator, is no part of the
// value before it: nothing, a blank, a quote, or another name.
func startsPair(text string, i int) bool {
	end := i
	for end < len(text) && end-i < 64 && (class[text[end]]&inKey != 0 || text[end] == ' ') {
		end++
	}
	switch byteAt(text, end) {
	case '=', ':':
		return true
	case ';':
		return text[i-1] == '&' // &amp;
	case '&', '#':
		return end == i || text[i-1] == '&'
	case '"', '\'', '`', '\n', '\r', '<', '{', '[', '\\', ')', ']', '}', 0:
		return end == i || text[i-1] == '&'
	}
	return end > i && text[i] == ' '
}

func endsAfterCloser(c byte) bool {
	switch c {
	case 0, ')', ']', '}', ',', ';', ':', '.', '&', '|', '\\', '!', '?':
		return true
	}
	return class[c]&endsBare != 0
}

// worth reports whether a bare value is a secret, and not the word of a sentence that
// happens to name one: get token: connection refused.
func (p *pair) worth(text, v string, end int) bool {
	switch p.kind {
	case digits:
		return isPIN(v)
	case vague:
		return looksRandom(v)
	case shorthand:
		if isTrivial(v) || p.colon && p.spaced && !(looksRandom(v) && endsSegment(text, end)) {
			return false
		}
	default: // is judged below
	}
	if isLiteral(v) {
		return false
	}
	if !p.colon {
		return true
	}
	if isStop(v) {
		return false
	}
	if !p.spaced {
		return true
	}
	if v[len(v)-1] == ':' || isStatus(text, v, end) {
		return false // the next part of a wrapped error
	}
	return !plainWord(v) || p.kind == chosen || len(v) >= 20 || endsSegment(text, end)
}

// endsSegment reports whether nothing that belongs to a sentence follows.
func endsSegment(text string, end int) bool {
	switch byteAt(text, end) {
	case 0, '\n', '\r', ',', ';', ')', ']', '}', '&', '"', '\'', '`', '\\':
		return true
	}
	return false
}

// isStatus reports whether a value is the status of a response: 401 Unauthorized.
func isStatus(text, v string, end int) bool {
	return len(v) == 3 && v[0] >= '1' && v[0] <= '5' && isDigit(v[1]) && isDigit(v[2]) &&
		byteAt(text, end) == ' ' && isUpper(byteAt(text, end+1))
}

// lineEnd is the end of the header that i is in: of the line, of the quotes around it, or
// of what JSON wrote as one.
func lineEnd(text string, i int) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case '\n', '\r', '\'', '`':
			return i
		case '\\':
			if isEscaped(byteAt(text, i+1)) {
				return i
			}
		}
	}
	return i
}

func contains(v string, c byte) bool {
	for i := range len(v) {
		if v[i] == c {
			return true
		}
	}
	return false
}
