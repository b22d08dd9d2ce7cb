package target

import (
	"net/url"
	"strings"
)

// Fault is what is wrong with a URL, as the end of a sentence that begins with the name
// of the setting. The empty one is none.
type Fault string

// The faults of a URL.
const (
	Empty    Fault = "is empty"
	NoURL    Fault = "is not a URL"
	Scheme   Fault = "does not start with http:// or https://"
	NoHost   Fault = "names no host"
	UserInfo Fault = "holds credentials"
	Fragment Fault = "has a fragment, which is never sent"
	Query    Fault = "has a query" // of a base URL, to which something is appended
)

// Check returns what is wrong with a URL. If it is a base, a path is appended to it, and
// it can have no query.
func Check(s string, base bool) Fault {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return Empty
	case err != nil:
		return NoURL
	case u.Scheme != "http" && u.Scheme != "https":
		return Scheme
	case u.Hostname() == "":
		return NoHost
	case u.User != nil:
		return UserInfo
	case strings.Contains(s, "#"): // Even an empty one would swallow what is appended.
		return Fragment
	case base && (u.RawQuery != "" || u.ForceQuery):
		return Query
	}
	return ""
}

// Logs returns a base URL with v1/logs appended, once. One slash at its end is not doubled;
// nothing else of it is changed.
func Logs(base string) string {
	base = strings.TrimSuffix(base, "/")
	if strings.HasSuffix(base, "/v1/logs") {
		return base
	}
	return base + "/v1/logs"
}

// BadHeader reports whether a header cannot be sent. The client would try again for ever,
// and never reach the server.
func BadHeader(name, value string) bool {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return name == "" || strings.ContainsFunc(name, notToken) || strings.ContainsFunc(value, control)
}

// BadKey reports whether an API key cannot be part of a header.
func BadKey(key string) bool { return strings.ContainsFunc(key, unprintable) }

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

func notToken(r rune) bool { return unprintable(r) || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }
