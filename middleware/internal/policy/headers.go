package policy

import (
	"log/slog"
	"net/textproto"
	"slices"
	"strings"
)

// Headers says which headers are recorded.
type Headers struct {
	list []header
}

type header struct{ name, key string }

// NewHeaders returns the headers of allow that deny and the built-in list of headers
// with credentials do not name. prefix begins their attributes' keys. Case does not
// matter.
func NewHeaders(prefix string, allow, deny []string) Headers {
	var h Headers
	for _, name := range allow {
		lower := strings.ToLower(strings.TrimSpace(name))
		denied := func(d string) bool { return strings.EqualFold(strings.TrimSpace(d), lower) }
		if lower == "" || isCredential(lower) || slices.ContainsFunc(deny, denied) {
			continue
		}
		add := header{textproto.CanonicalMIMEHeaderKey(lower), prefix + lower}
		if !slices.Contains(h.list, add) {
			h.list = append(h.list, add)
		}
	}
	return h
}

// isCredential names the headers that are never recorded, whoever asks.
func isCredential(lower string) bool {
	switch lower {
	case "authorization", "proxy-authorization", "authentication-info", "cookie", "set-cookie",
		"x-api-key", "api-key", "x-auth-token", "x-access-token", "x-refresh-token", "x-session-token",
		"x-csrf-token", "x-xsrf-token", "x-amz-security-token", "x-goog-iam-authorization-token",
		"x-vault-token", "x-gitlab-token", "private-token", "x-hub-signature", "x-hub-signature-256",
		"x-forwarded-client-cert", "x-forwarded-access-token", "x-ms-client-principal":
		return true
	}
	return false
}

// Append appends the headers that are there. get returns the values of a header by
// its canonical name; they are lists of strings, as the conventions have it.
func (h Headers) Append(dst []slog.Attr, get func(name string) []string) []slog.Attr {
	for _, one := range h.list {
		if values := get(one.name); len(values) > 0 {
			dst = append(dst, slog.Any(one.key, slices.Clone(values)))
		}
	}
	return dst
}

// Len returns how many headers may be recorded.
func (h Headers) Len() int { return len(h.list) }
