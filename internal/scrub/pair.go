package scrub

import "strings"

// A pair is a key and where its value begins, as found around a separator.
type pair struct {
	kind     kind
	keyStart int
	mark     string // closes the key of JSON: a quote and its backslashes; else ""
	colon    bool
	spaced   bool // blanks stand before the value
	query    bool // it is a parameter of a URL
	encoded  bool // the separator was %3D or %3A
	value    int
}

// separator looks at the = or : at i, width characters wide, as what stands between a
// key and its value.
func (s *Scrubber) separator(text string, i, width int) (span, bool) {
	p := pair{colon: text[i] == ':', encoded: width == 3}
	if p.encoded {
		p.colon = lower(text[i+2]) == 'a'
	}
	if p.colon && hasAt(text, i+1, "//") {
		return authority(text, i)
	}
	if next, before := byteAt(text, i+width), byteAt(text, i-1); p.colon && (next == ':' || next == '=' || before == ':') ||
		!p.colon && (next == '=' || next == '~' || before == '=' || before == '!' || before == '<' || before == '>') {
		return span{}, false
	}
	p.value = i + width
	if !p.colon && byteAt(text, p.value) == '>' {
		p.value++ // "key" => "value"
	}
	key, extended := p.findKey(text, i)
	if key == "" {
		return span{}, false
	}
	if p.kind = s.kind(key); p.kind == public && extended != "" {
		p.kind = s.kind(extended)
	}
	p.query = !p.colon && inQuery(text, p.keyStart)
	if p.kind == public && p.query && parameterWord(key) && !s.allowed.has(key) {
		p.kind = vague
	}
	if p.kind == public {
		return s.unnamed(text, p, key)
	}
	before := byteAt(text, p.keyStart-1)
	p.skipBlanks(text, byteAt(text, i-1) == ' ')
	if p.colon && !p.spaced && (before == ':' || before == '/') {
		return span{}, false // arn:aws:secretsmanager:eu:1:secret:name
	}
	return p.find(text)
}

// findKey reads the key before the separator at i: its last 128 characters, without
// quotes and brackets. Where that is a word like key, which the word before it makes
// secret or not, the two are returned as well.
func (p *pair) findKey(text string, i int) (key, extended string) {
	end := i
	if !p.colon && byteAt(text, end-1) == ':' {
		end-- // :=
	}
	for end > 0 && i-end < 4 && (text[end-1] == ' ' || text[end-1] == '\t') {
		end--
	}
	quote := end
	for end > 0 && quote-end < 8 && isCloser(text[end-1]) {
		end--
	}
	if byteAt(text, quote-1) == '"' {
		p.mark = text[end:quote]
	}
	if hasAt(text, end-3, "%22") || hasFoldAt(text, end-3, "%5d") {
		end -= 3
	}
	start := runStart(text, end, max(0, end-maxKey), inKey)
	if byteAt(text, start-1) == '%' && end-start > 2 {
		start += 2
	}
	p.keyStart = afterEscape(text, start, end)
	if p.mark != "" && byteAt(text, p.keyStart-1) != '"' {
		p.mark = "" // the quote closes more than the key
	}
	key = text[p.keyStart:end]
	if len(key) <= len("number") && byteAt(text, p.keyStart-1) == ' ' && isAt(text, p.keyStart-2, isAlnum) {
		extended = text[runStart(text, p.keyStart-1, max(0, end-maxKey), inKey):end]
	}
	return key, extended
}

func isCloser(c byte) bool { return c == '"' || c == '\'' || c == '`' || c == '\\' || c == ']' }

// inQuery reports whether a key that begins at i is the name of a parameter.
func inQuery(text string, i int) bool {
	switch byteAt(text, i-1) {
	case '?', '&':
		return true
	case ';':
		return hasAt(text, i-5, "&amp;")
	}
	return hasFoldAt(text, i-6, "\\u0026") || hasFoldAt(text, i-3, "%26") || hasFoldAt(text, i-3, "%3f")
}

// skipBlanks moves to the value. In "a= b=1" the value of a is empty.
func (p *pair) skipBlanks(text string, blankBefore bool) {
	start := p.value
	for p.value-start < 64 && isAt(text, p.value, isSpace) {
		if c := text[p.value]; (c == '\n' || c == '\r') && (p.mark == "" || !p.colon) {
			break // only JSON puts a value on the next line
		}
		p.value++
	}
	p.spaced = p.value > start
	if p.spaced && !p.colon && !blankBefore {
		end := runEnd(text, p.value, inKey)
		if byteAt(text, end) == '=' && end > p.value {
			p.value = len(text)
		}
	}
}

// find says what of the value is to be hidden.
func (p *pair) find(text string) (span, bool) {
	at := p.value
	for byteAt(text, at) == '\\' && at-p.value < 8 {
		at++
	}
	switch c := byteAt(text, at); {
	case c == '"' || c == '\'' || c == '`':
		return p.quoted(text, at+1, c, at-p.value)
	case at > p.value && isEscaped(c):
		return span{}, false // an end of line, as JSON writes it
	case hasAt(text, p.value, "[]string"):
		p.value += len("[]string") // %#v of a header
		p.mark = ""
		return p.find(text)
	case hasAt(text, p.value, Redacted):
		return span{}, false
	case c == '|' || c == '>':
		if start, end := block(text, at); end > start {
			return span{start, end, Redacted}, text[start:end] != Redacted
		}
	case c == '[' || c == '{':
		return p.group(text)
	case hasFoldAt(text, at, "%22"):
		p.value += 3
	}
	return p.bare(text)
}

// block is the text of a block of YAML, whose lines are indented: what follows | or > at
// the end of a line.
func block(text string, i int) (start, end int) {
	i++
	for byteAt(text, i) == '-' || byteAt(text, i) == '+' || byteAt(text, i) == '\r' {
		i++
	}
	start = i + 1
	for start < len(text) && text[start] == ' ' {
		start++
	}
	if byteAt(text, i) != '\n' || start == i+1 {
		return 0, 0
	}
	for end = start; ; {
		n := strings.IndexByte(text[end:], '\n')
		if n < 0 {
			return start, len(text)
		}
		if end += n; byteAt(text, end+1) != ' ' {
			return start, end
		}
		end++
	}
}

func isEscaped(c byte) bool { return c == 'n' || c == 'r' || c == 't' || c == 'u' || c == 0 }

// quoted hides what is between quotes, each written with a number of backslashes.
func (p *pair) quoted(text string, open int, quote byte, level int) (span, bool) {
	end := closing(text, open, quote, level)
	v := text[open:end]
	if v == "" || masked(v) || p.kind == vague && !looksRandom(v) || p.kind == digits && !isPIN(v) ||
		p.kind == shorthand && isTrivial(v) {
		return span{}, false
	}
	if p.kind == statement {
		if n := schemeLength(v); n > 0 {
			open += n
			if masked(text[open:end]) {
				return span{}, false
			}
		}
	}
	return span{open, end, Redacted}, true
}

// closing is the end of a value in quotes that begins at i. Where the quotes have
// backslashes, those within the value have more, and fewer end what is around it. A
// value that is cut ends with its line.
func closing(text string, i int, quote byte, level int) int {
	slashes := 0
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			slashes++
			continue
		case c == '\n':
			return i
		case c == quote:
			if level == 0 && quote == '\'' && byteAt(text, i+1) == quote {
				i++ // SQL writes a quote twice
			} else if slashes%(2*(level+1)) == level || slashes < level {
				return i - min(slashes, level)
			}
		}
		slashes = 0
	}
	return i
}

// group hides a list or an object as a whole.
func (p *pair) group(text string) (span, bool) {
	open, next := text[p.value], byteAt(text, p.value+1)
	if p.kind == vague || p.kind == digits || p.kind == shorthand {
		return span{}, false
	}
	if p.mark == "" && (next == 0 || class[next]&isSpace != 0 || p.spaced && p.colon && open == '{') {
		return span{}, false
	}
	end, empty := groupEnd(text, p.value)
	if empty || p.mark == "" && open == '{' && isTemplate(text[p.value+1:end]) {
		return span{}, false
	}
	return span{p.value, end, p.mark + Redacted + p.mark}, true
}

// groupEnd is the end of the brackets that open at i, or of the text if they do not
// close.
func groupEnd(text string, i int) (end int, empty bool) {
	depth := 0
	empty = true
	for ; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1, empty
			}
		case ' ', '\t', '\r', '\n':
		default:
			empty = false
		}
	}
	return i, empty
}
