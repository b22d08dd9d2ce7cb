package ledger

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ledger-sdk/ledger-go/internal/target"
	"github.com/ledger-sdk/ledger-go/sender"
)

// ConfigError says what is wrong with one field of a [Config]. [Config.Validate]
// joins one for every bad field.
type ConfigError struct {
	// Field is the name of the field, or of a variable that has none.
	Field string
	// Reason says what is wrong, and never repeats a secret.
	Reason string
}

func (e *ConfigError) Error() string { return "ledger: config: " + e.Field + " " + e.Reason }

// maxFlushSize is the most records that the server takes in a request: one more
// and it refuses all of them.
const maxFlushSize = 1000

// maxResource bounds the attributes that are repeated with every record, in the
// measure that the server applies to a record's attributes.
const maxResource = 20_000

// minRingBytes lets a record of the greatest size through with room to spare.
const minRingBytes = 1 << 20

// Validate returns nil, or one error that joins a [*ConfigError] for every bad field.
// It reads the files of TLS, and touches nothing else.
func (c Config) Validate() error {
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, &ConfigError{field, fmt.Sprintf(format, args...)})
	}
	if c.Dir == "" {
		bad("Dir", "is empty: name a directory that outlives the process, not a shared temporary one")
	}
	seen := map[string]bool{}
	for i, d := range c.destinations() {
		prefix := ""
		if i > 0 || d.Name != DefaultDestination {
			prefix = fmt.Sprintf("Destinations[%s].", d.Name)
		}
		if badName(d.Name) {
			bad(prefix+"Name", "is %q: use lower case letters, digits, dots, dashes and underscores, at most %d", d.Name, maxName)
		}
		if seen[d.Name] {
			bad(prefix+"Name", "is that of another destination")
		}
		seen[d.Name] = true
		c.of(d).badServer(func(field, format string, args ...any) { bad(prefix+field, format, args...) })
	}
	if n := resourceSize(c.Resource); n > maxResource {
		bad("Resource", "takes %d of the server's limit for the attributes of a record: leave room for those", n)
	}
	for _, f := range []struct {
		name string
		n    int64
	}{
		{"MaxRecords", int64(c.MaxRecords)},
		{"MaxBytes", c.MaxBytes},
		{"MaxAge", int64(c.MaxAge)},
		{"FlushInterval", int64(c.FlushInterval)},
		{"FlushSize", int64(c.FlushSize)},
		{"SyncEvery", int64(c.SyncEvery)},
		{"RingBytes", int64(c.RingBytes)},
		{"KeepAcked", c.KeepAcked.Bytes},
	} {
		if f.n < 0 {
			bad(f.name, "is negative")
		}
	}
	if c.FlushSize > maxFlushSize {
		bad("FlushSize", "is %d: the server refuses a request of more than %d records", c.FlushSize, maxFlushSize)
	}
	if c.RingBytes > 0 && c.RingBytes < minRingBytes {
		bad("RingBytes", "is %d, less than %d", c.RingBytes, minRingBytes)
	}
	if c.Durability < SyncInterval || c.Durability > SyncNever {
		bad("Durability", "is %d, not SyncInterval, SyncAlways or SyncNever", int(c.Durability))
	}
	for i, r := range c.Scrub.Rules {
		if r.Pattern == nil {
			bad("Scrub", "has a rule without a pattern, number %d", i+1)
		}
	}
	return errors.Join(errs...)
}

// maxName bounds the name of a destination, which is a key on disk and a label of metrics.
const maxName = 64

func badName(s string) bool {
	strange := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-_", r) }
	return s == "" || len(s) > maxName || s[0] == '.' || strings.ContainsFunc(s, strange)
}

// badServer says what is wrong with the part that each destination has of its own.
func (c Config) badServer(bad func(field, format string, args ...any)) {
	if field, reason := c.badURL(); reason != "" {
		bad(field, "%s", reason)
	}
	for _, err := range c.badTLS() {
		bad("TLS", "is not usable: %v", err)
	}
	if target.BadKey(c.APIKey) {
		bad("APIKey", "holds characters that a header cannot carry")
	}
	names := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case target.BadHeader(name, c.Headers[name]):
			bad("Headers", "hold %q, which is not a header", name)
		case names[canonical]:
			bad("Headers", "hold %s more than once", canonical)
		}
		names[canonical] = true
	}
	if c.MaxInFlight < 0 {
		bad("MaxInFlight", "is negative")
	}
	if c.Timeout < 0 {
		bad("Timeout", "is negative")
	}
	if c.Compression != "" && c.Compression != sender.CompressionGzip && c.Compression != sender.CompressionNone {
		bad("Compression", "is %q, not gzip or none", c.Compression)
	}
	if err := c.Retry.Validate(); err != nil {
		bad("Retry", "is not usable: %v", err)
	}
	if err := c.RateLimit.Validate(); err != nil {
		bad("RateLimit", "is not usable: %v", err)
	}
}

// badURL says what is wrong with where records go, "" if nothing is, and in which
// field. It does not repeat it: it may hold a password.
func (c Config) badURL() (field, reason string) {
	field, s := "Endpoint", c.Endpoint
	if c.LogsURL != "" {
		field, s = "LogsURL", c.LogsURL
	}
	fault := target.Check(s, c.LogsURL == "")
	switch {
	case c.LogsURL != "" && c.Endpoint != "":
		return field, "is set, and so is Endpoint: one of them says where records go"
	case fault == target.UserInfo:
		return field, string(fault) + ": use APIKey or Headers"
	case fault == target.Query:
		return field, string(fault) + ": it is a base URL, see LogsURL"
	}
	return field, string(fault)
}

// url is where records go. If it has no path, net/http asks for the root.
func (c Config) url() string {
	if c.LogsURL != "" {
		return c.LogsURL
	}
	return target.Logs(c.Endpoint)
}

// safeURL is a URL without what may be secret in it.
func safeURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "[unreadable]"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
