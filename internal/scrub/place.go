package scrub

import "strings"

// unnamed looks at a pair whose own key is no secret, for what stands around it.
func (s *Scrubber) unnamed(text string, p pair, key string) (span, bool) {
	p.skipBlanks(text, false)
	switch {
	case len(key) == len("value") && hasFoldAt(key, 0, "value"):
		// {"name": "DB_PASSWORD", "value": "..."}
		if p.kind = s.kind(namedBefore(text, p.keyStart)); p.kind != public {
			return p.find(text)
		}
	case key == "name" && !p.colon && byteAt(text, p.value) == '"':
		return s.formField(text, p)
	case p.colon && !p.spaced && afterUserFlag(text, p.keyStart):
		p.kind = chosen
		return p.find(text)
	}
	return span{}, false
}

// namedBefore returns the value of the name, key or type that stands before the key at i,
// or nothing.
func namedBefore(text string, i int) string {
	floor := max(0, i-160)
	isMargin := func(c byte) bool { return strings.IndexByte(" \t\r\n\"'\\,;-", c) >= 0 }
	end := i
	for end > floor && isMargin(text[end-1]) {
		end--
	}
	if end > floor && end < i && text[end-1] == 'n' && text[end] == '\\' {
		end--
	}
	start := runStart(text, end, floor, inKey)
	name := start
	for name > floor && (isMargin(text[name-1]) || text[name-1] == ':' || text[name-1] == '=') {
		name--
	}
	for _, word := range []string{"name", "key", "type", "header", "field"} {
		if hasFoldAt(text, name-len(word), word) && name < start {
			return text[start:end]
		}
	}
	return ""
}

// formField hides the value of a part of a multipart form, which begins after a blank
// line.
func (s *Scrubber) formField(text string, p pair) (span, bool) {
	open := p.value + 1
	end := closing(text, open, '"', 0)
	if s.kind(text[open:end]) == public {
		return span{}, false
	}
	for _, blank := range []string{"\r\n\r\n", "\n\n", `\r\n\r\n`, `\n\n`} {
		if hasAt(text, end+1, blank) {
			start := end + 1 + len(blank)
			stop := lineEnd(text, start)
			return span{start, stop, Redacted}, stop > start && text[start:stop] != Redacted
		}
	}
	return span{}, false
}

// afterUserFlag reports whether a name before a colon follows curl's -u.
func afterUserFlag(text string, i int) bool {
	for byteAt(text, i-1) == '\'' || byteAt(text, i-1) == '"' {
		i--
	}
	return hasAt(text, i-4, " -u ") || hasAt(text, i-8, " --user ") || hasAt(text, i-8, " --user=") || hasAt(text, i-4, " -U ") ||
		hasAt(text, i-14, " --proxy-user ")
}

// escaped looks at what a URL encodes at i.
func (s *Scrubber) escaped(text string, from, i int) (span, bool) {
	switch {
	case hasAt(text, i, "%40"):
		return email(text, from, i, 3)
	case hasFoldAt(text, i, "%3d"), hasFoldAt(text, i, "%3a"):
		if found, ok := s.separator(text, i, 3); ok {
			return found, true
		}
	}
	return token(text, from, i+3)
}

// element hides what is in an element of XML: <password>...</password>.
func (s *Scrubber) element(text string, i int) (span, bool) {
	start := runStart(text, i, max(0, i-maxKey), inKey)
	open := start
	if byteAt(text, open-1) == ':' {
		open = runStart(text, open-1, max(0, i-maxKey), inKey)
	}
	if start == i || byteAt(text, open-1) != '<' || s.kind(text[start:i]) == public {
		return span{}, false
	}
	n := strings.IndexByte(text[i+1:], '<')
	if n == 0 && hasAt(text, i+1, "<![CDATA[") {
		if n = strings.Index(text[i+1:], "]]>"); n >= 0 {
			return span{i + 1, i + 1 + n + len("]]>"), Redacted}, true
		}
		return span{i + 1, len(text), Redacted}, true
	}
	if n < 0 {
		n = len(text) - i - 1
	} else if !hasAt(text, i+1+n, "</") {
		return span{}, false
	}
	v := text[i+1 : i+1+n]
	if strings.TrimSpace(v) == "" || masked(v) || (i+1+n == len(text) && strings.ContainsAny(v, " \n")) {
		return span{}, false
	}
	return span{i + 1, i + 1 + n, Redacted}, true
}

// dashes looks at the two dashes at i: the start of a private key, or of a flag.
func (s *Scrubber) dashes(text string, from, i int) (span, bool) {
	for start := max(0, i-4); start <= i; start++ {
		if hasAt(text, start, "-----BEGIN ") {
			return privateKey(text, from, start)
		}
	}
	if text[i] != '-' {
		i++ // the pair began with what stands before the flag
	} else if byteAt(text, i-1) == '-' {
		i--
	}
	if !hasAt(text, i, "--") || byteAt(text, i-1) == '-' {
		return span{}, false
	}
	name := i + 2
	end := runEnd(text[:min(len(text), name+maxKey)], name, inKey)
	if end == name || byteAt(text, end) != ' ' {
		return span{}, false
	}
	p := pair{kind: s.kind(text[name:end]), keyStart: name, colon: true, value: end}
	if p.kind == public {
		return span{}, false
	}
	p.skipBlanks(text, true)
	if byteAt(text, p.value) == '-' {
		return span{}, false
	}
	return p.find(text)
}

// privateKey hides what is between the two lines of a private key, or what there is of
// it.
func privateKey(text string, from, start int) (span, bool) {
	title := start + len("-----BEGIN ")
	n := strings.Index(text[title:min(len(text), title+64)], "-----")
	if n < 0 || !strings.Contains(text[title:title+n], "PRIVATE KEY") {
		return span{}, false
	}
	body := title + n + len("-----")
	end := len(text)
	if n := strings.Index(text[body:], "-----END"); n >= 0 {
		end = body + n
	}
	if body < from || strings.TrimSpace(text[body:end]) == "" || text[body:end] == Redacted {
		return span{}, false
	}
	return span{body, end, Redacted}, true
}
