package ledger

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/ledger-sdk/ledger-go/sender"
)

// ConfigError says what is wrong with one field of a [Config]. [Config.Validate]
// joins one for every bad field.
type ConfigError struct {
	// Field is the name of the field.
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
func (c Config) Validate() error {
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, &ConfigError{field, fmt.Sprintf(format, args...)})
	}
	if c.Dir == "" {
		bad("Dir", "is empty: name a directory that outlives the process, not a shared temporary one")
	}
	if reason := badEndpoint(c.Endpoint); reason != "" {
		bad("Endpoint", "%s", reason)
	}
	if strings.ContainsFunc(c.APIKey, unprintable) {
		bad("APIKey", "holds characters that a header cannot carry")
	}
	for name, value := range c.Headers {
		if name == "" || strings.ContainsFunc(name, notToken) || strings.ContainsAny(value, "\r\n\x00") {
			bad("Headers", "hold %q, which is not a header", name)
		}
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
		{"MaxInFlight", int64(c.MaxInFlight)},
		{"Timeout", int64(c.Timeout)},
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
	if c.Compression != "" && c.Compression != sender.CompressionGzip && c.Compression != sender.CompressionNone {
		bad("Compression", "is %q, not gzip or none", c.Compression)
	}
	if err := c.Retry.Validate(); err != nil {
		bad("Retry", "is not usable: %v", err)
	}
	if err := c.RateLimit.Validate(); err != nil {
		bad("RateLimit", "is not usable: %v", err)
	}
	return errors.Join(errs...)
}

// badEndpoint says what is wrong with the endpoint, "" if nothing is. It does not
// repeat it: it may hold a password.
func badEndpoint(s string) string {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return "is empty"
	case err != nil:
		return "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "does not start with http:// or https://"
	case u.Host == "":
		return "names no host"
	case u.User != nil:
		return "holds credentials: use APIKey or Headers"
	case u.RawQuery != "" || u.Fragment != "":
		return "has a query or a fragment: it is a base URL"
	}
	return ""
}

// logsURL is where records go: the endpoint with /v1/logs appended, once.
func logsURL(endpoint string) string {
	base := strings.TrimRight(endpoint, "/")
	if strings.HasSuffix(base, "/v1/logs") {
		return base
	}
	return base + "/v1/logs"
}

// safeURL is a URL without what may be secret in it.
func safeURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "[unreadable]"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

func notToken(r rune) bool { return unprintable(r) || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }
