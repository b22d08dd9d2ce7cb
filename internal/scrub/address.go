package scrub

import "strings"

// authority hides the password in scheme://user:password@host, of which the colon is at
// i. Whoever pastes a password into a URL does not always encode it, so the last @
// counts, and a / or ? before it does not end the password unless a port stands there.
func authority(text string, i int) (span, bool) {
	start := i + len("://")
	end := start
	for end < len(text) && class[text[end]]&endsBare == 0 && strings.IndexByte(`/?#\`, text[end]) < 0 {
		end++
	}
	at := strings.LastIndexByte(text[start:end], '@')
	if at < 0 {
		if at = strayAt(text, start, end); at < 0 {
			return webhook(text, start, end)
		}
	}
	user, password, found := strings.Cut(text[start:start+at], ":")
	if !found {
		hide := len(user) >= 16 && looksRandom(user)
		return span{start, start + at, Redacted}, hide
	}
	if password == "" || masked(password) || isPlaceholder(password) {
		return span{}, false
	}
	if strings.Contains(user, "@") || strings.Contains(user, "%40") {
		return span{start, start + at, Redacted + ":" + Redacted}, true
	}
	return span{start + len(user) + 1, start + at, Redacted}, true
}

// strayAt finds the @ after a password with a character that should have been encoded.
func strayAt(text string, start, end int) int {
	colon := strings.IndexByte(text[start:end], ':')
	if colon < 0 || byteAt(text, start) == '[' || end == len(text) || text[end] == '\\' {
		return -1
	}
	rest := text[start+colon+1 : end]
	if rest != "" && featuresOf(rest).digits == len(rest) {
		return -1
	}
	for i := end; i < len(text) && i-start < 256 && class[text[i]]&endsBare == 0; i++ {
		if text[i] == '@' {
			return i - start
		}
	}
	return -1
}

// webhook hides the path of a URL that is itself the permission to post.
func webhook(text string, start, end int) (span, bool) {
	var path string
	switch text[start:end] {
	case "hooks.slack.com":
		path = "/services/"
	case "discord.com", "discordapp.com":
		path = "/api/webhooks/"
	case "api.telegram.org":
		path = "/bot"
	default:
		return span{}, false
	}
	if !hasAt(text, end, path) {
		return span{}, false
	}
	start = end + len(path)
	for end = start; end < len(text) && class[text[end]]&endsBare == 0 && strings.IndexByte(`?#\,;)`, text[end]) < 0; end++ {
		if path == "/bot" && text[end] == '/' {
			break
		}
	}
	return span{start, end, Redacted}, end > start && !hasAt(text, start, Redacted)
}

// driverName hides the password in user:password@tcp(host)/name, as database/sql's
// drivers for MySQL take it, of which the @ is at i.
func driverName(text string, from, i int) (span, bool) {
	if !hasAt(text, i+1, "tcp(") && !hasAt(text, i+1, "unix(") && !hasAt(text, i+1, "tcp6(") {
		return span{}, false
	}
	start := i
	for start > from && i-start < 128 && class[text[start-1]]&endsBare == 0 {
		start--
	}
	colon := strings.IndexByte(text[start:i], ':')
	if colon < 0 || colon+1 == i-start || masked(text[start+colon+1:i]) {
		return span{}, false
	}
	return span{start + colon + 1, i, Redacted}, true
}
