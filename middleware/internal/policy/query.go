package policy

import (
	"strings"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// Redactor hides the values of query parameters by their names, before the client's
// scrubbing: it knows more names, and no AllowKeys takes one away. A nil one hides all
// there is.
type Redactor struct {
	names map[string]bool // lower case
}

// NewRedactor returns a redactor that knows the names of common secrets, and extra.
func NewRedactor(extra ...string) *Redactor {
	// Those of OpenTelemetry's list that secretSuffix does not cover, and those
	// that are secret only as whole names: "code" is, "zip_code" is not.
	names := map[string]bool{
		"awsaccesskeyid": true, "auth": true, "authorization": true, "code": true,
		"jwt": true, "pwd": true, "sig": true, "state": true,
	}
	for _, n := range extra {
		names[strings.ToLower(n)] = true
	}
	return &Redactor{names: names}
}

// Redact returns a raw query with the values of secret parameters replaced. It
// returns the query itself if there are none.
func (d *Redactor) Redact(query string) string {
	if d == nil {
		return ""
	}
	return scrub.HideParameters(query, d.secret)
}

// secret reports whether a parameter of this name carries a secret.
func (d *Redactor) secret(name string) bool {
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
