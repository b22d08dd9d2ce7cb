package scrub

import "strings"

// email finds the address whose @ is at i, width characters wide: 3 if it is %40.
func email(text string, from, i, width int) (span, bool) {
	end := runEnd(text, i+width, inDomain)
	for end > i+width && class[text[end-1]]&isAlnum == 0 && text[end-1] < 0x80 {
		end--
	}
	if !isDomain(text[i+width : end]) {
		return driverName(text, from, i)
	}
	start := runStart(text, i, from, inLocal)
	start = afterEscape(text, start, i)
	// In a query or a form, what was encoded before the address is no part of it.
	if k := strings.LastIndexByte(text[start:i], '%'); k >= 0 && start+k+3 <= i && !encodesLocal(text[start+k+1:start+k+3]) {
		start += k + 3
	}
	for start < i && !spelled(text[start]) {
		start++
	}
	local := text[start:i]
	if local == "" || (local == "git" && byteAt(text, end) == ':') || inAuthority(text, start) {
		return span{}, false
	}
	return span{start, end, Redacted}, true
}

// encodesLocal reports whether a character that may stand before the @ is encoded so.
func encodesLocal(hex string) bool {
	return hex == "2B" || hex == "2b" || hex == "2E" || hex == "2e" || hex == "2D" || hex == "2d" || hex == "5F" || hex == "5f"
}

// isDomain reports whether a run of characters ends like a domain: with a word that is
// no file type and no part of a version.
func isDomain(run string) bool {
	dot := strings.LastIndexByte(run, '.')
	if dot <= 0 || len(run) > 253 {
		return false
	}
	top := run[dot+1:]
	if len(top) < 2 || run[dot-1] == '.' || run[0] == '.' {
		return false
	}
	for _, c := range []byte(top) {
		if c < 0x80 && !isLower(lower(c)) {
			return strings.HasPrefix(top, "xn--")
		}
	}
	if isVersion(run) {
		return false
	}
	var buf [maxFolded]byte
	switch string(fold(&buf, top)) {
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "cjs", "css", "html", "ts", "tsx", "map", "json", "tgz", "gz",
		"jar", "war", "go", "service", "socket", "timer", "mount", "target":
		return false
	}
	return true
}

// isVersion reports whether a run begins like 1.2 or v1.2: what follows the @ of a
// package is its version.
func isVersion(run string) bool {
	if run[0] == 'v' || run[0] == 'V' {
		run = run[1:]
	}
	i := 0
	for i < len(run) && isDigit(run[i]) {
		i++
	}
	return i > 0 && i+1 < len(run) && (run[i] == '.' && isDigit(run[i+1]) || run[i] == 'x' && run[i+1] == '.')
}

// inAuthority reports whether what begins at i is the user in scheme://user@host, which
// belongs to package url's rule.
func inAuthority(text string, i int) bool { return hasAt(text, i-3, "://") }
