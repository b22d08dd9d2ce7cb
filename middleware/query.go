package middleware

import (
	"net/url"
	"strings"
)

// redacted takes the place of a value, as OpenTelemetry's conventions name it.
const redacted = "REDACTED"

// redactor hides the values of query parameters by their names.
type redactor struct {
	names map[string]bool // lower case
}

func newRedactor(extra []string) *redactor {
	// Those of OpenTelemetry's list that secretSuffix does not cover, and those
	// that are secret only as whole names: "code" is, "zip_code" is not.
	names := map[string]bool{
		"awsaccesskeyid": true, "auth": true, "authorization": true, "code": true,
		"jwt": true, "pwd": true, "sig": true, "state": true,
	}
	for _, n := range extra {
		names[strings.ToLower(n)] = true
	}
	return &redactor{names: names}
}

// redact returns a raw query with the values of secret parameters replaced. It
// returns the query itself if there are none.
//
// Semicolons separate parameters as well: net/http refuses them, other servers
// behind a proxy do not, and a secret after one would pass for part of a value.
func (d *redactor) redact(query string) string {
	var out strings.Builder
	done := 0 // query[:done] is in out
	for pos := 0; pos < len(query); {
		end := len(query)
		if i := strings.IndexAny(query[pos:], "&;"); i >= 0 {
			end = pos + i
		}
		name, value, _ := strings.Cut(query[pos:end], "=")
		if value != "" && d.secret(name) {
			out.WriteString(query[done : end-len(value)])
			out.WriteString(redacted)
			done = end
		}
		pos = end + 1
	}
	if done == 0 {
		return query
	}
	out.WriteString(query[done:])
	return out.String()
}

// secret reports whether a parameter of this name carries a secret. The name is
// decoded first: a server reads %74oken as token.
func (d *redactor) secret(name string) bool {
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	name = strings.ToLower(name)
	return d.names[name] || secretSuffix(name)
}

// secretSuffix catches apiKey, access_token, X-Amz-Signature and their like. It does
// not catch prompt_tokens.
func secretSuffix(name string) bool {
	for _, s := range [...]string{"key", "token", "password", "passwd", "secret", "signature", "credential"} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}
