package scrub

import (
	"net/url"
	"strings"
)

// hiddenParameter takes the place of a value in a query: brackets are no part of a URL,
// and OpenTelemetry's conventions name it.
const hiddenParameter = "REDACTED"

// Query returns a raw URL query with the values of secret parameters replaced by
// REDACTED, or the query itself if there are none. It looks at names only: what is secret
// by its own looks is for Text.
func (s *Scrubber) Query(raw string) string {
	if s == nil {
		return raw
	}
	return HideParameters(raw, s.parameter)
}

// HideParameters returns a raw URL query with the values of those parameters replaced
// whose names are secret, or the query itself if there are none. Names are asked for as a
// server reads them, percent-decoded.
//
// Semicolons separate parameters as well: net/http refuses them, other servers behind a
// proxy do not, and a secret after one would pass for part of a value.
func HideParameters(raw string, secret func(name string) bool) string {
	var out strings.Builder
	done := 0 // raw[:done] is in out
	for pos := 0; pos < len(raw); {
		end := len(raw)
		if i := strings.IndexAny(raw[pos:], "&;"); i >= 0 {
			end = pos + i
		}
		name, value, _ := strings.Cut(raw[pos:end], "=")
		if value != "" && secret(decoded(name)) {
			out.WriteString(raw[done : end-len(value)])
			out.WriteString(hiddenParameter)
			done = end
		}
		pos = end + 1
	}
	if done == 0 {
		return raw
	}
	out.WriteString(raw[done:])
	return out.String()
}

// decoded is the name that a server reads: %74oken is token.
func decoded(name string) string {
	if strings.ContainsAny(name, "%+") {
		if plain, err := url.QueryUnescape(name); err == nil {
			return plain
		}
	}
	return name
}

// parameter reports whether the parameter of this name is secret. Beyond Key there are
// names that are secrets in a URL and everyday words elsewhere: a key, and the code and
// the state of OAuth.
func (s *Scrubber) parameter(name string) bool {
	return s.Key(name) || (parameterWord(name) && !s.allowed.has(name))
}
