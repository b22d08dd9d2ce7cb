package sender

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Values of Config.Compression.
const (
	CompressionGzip = "gzip"
	CompressionNone = "none"
)

// Config of a [Sender]. The zero value of a field is its documented default.
type Config struct {
	// Name of the destination, by which its account and its dead letters are found;
	// [DefaultDestination].
	Name string
	// URL that batches are posted to, complete with its path. Required.
	URL string
	// Header is added to every request. The sender copies it.
	Header http.Header
	// APIKey is sent as Authorization: Bearer, unless it is empty. It is never printed.
	APIKey string
	// FlushSize is how many records a request has at most, and how many make one
	// be sent at once; 1000.
	FlushSize int
	// FlushInterval is how long a record waits for others; 5 s.
	FlushInterval time.Duration
	// MaxBatchBytes is how many bytes of records, before compression, a request
	// has at most, and how many make one be sent at once; 4 MiB. One record may be
	// larger.
	MaxBatchBytes int
	// MaxInFlight is how many requests are under way at most; 4. With 1 the records
	// arrive in offset order.
	MaxInFlight int
	Retry       Retry
	RateLimit   RateLimit
	// LearnLimits asks a Ledger server for its settings, at the start and every hour,
	// and keeps to them. X-RateLimit headers of answers are believed in any case.
	LearnLimits bool
	// OnFieldLimits is told the field limits that the settings say. It must not block.
	OnFieldLimits func(FieldLimits)
	// FreshFirst shares the way between a backlog and what is logged now. Otherwise
	// the oldest goes first.
	FreshFirst bool
	// Dead takes the records that the server refuses. Without it such an answer holds
	// delivery, and every record is kept.
	Dead *DeadLog
	// Compression is CompressionGzip, the default, or CompressionNone.
	Compression string
	// Timeout of one request, with everything from the dial to the last byte of
	// the answer; 30 s.
	Timeout time.Duration
	// TLS of the sender's own client, which never goes below TLS 1.2. It is cloned.
	TLS *tls.Config
	// HTTPClient is used instead of a client of the sender's own. It is not
	// changed, and its redirect policy is not used: redirects are never followed.
	HTTPClient *http.Client
	// Logger gets the sender's diagnostics: a few lines per outage (S3). It must
	// not lead back into the log. Nil discards them.
	Logger *slog.Logger
	// UserAgent of the requests; ledger-go.
	UserAgent string
	// ScopeName and ScopeVersion name the instrumentation scope of the records.
	ScopeName, ScopeVersion string
	// Resource returns the bytes of the OTLP resource that records refer to, nil
	// if it is not known. It is called from several goroutines. Nil sends none.
	Resource func(id uint32) []byte

	asked RateLimit // RateLimit without the defaults
}

func (c Config) withDefaults() Config {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	set(&c.FlushSize, 1000)
	set(&c.MaxBatchBytes, 4<<20)
	set(&c.MaxInFlight, 4)
	if c.FlushInterval == 0 {
		c.FlushInterval = 5 * time.Second
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Compression == "" {
		c.Compression = CompressionGzip
	}
	if c.UserAgent == "" {
		c.UserAgent = "ledger-go"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Resource == nil {
		c.Resource = func(uint32) []byte { return nil }
	}
	if c.Name == "" {
		c.Name = DefaultDestination
	}
	c.asked = c.RateLimit
	c.Retry, c.RateLimit = c.Retry.withDefaults(), c.RateLimit.withDefaults()
	return c
}

// validate names every bad field of c, whose defaults are filled in. It never
// repeats the value of a secret.
func (c Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		bad("URL is empty")
	case err != nil:
		bad("URL is not a URL") // The cause repeats it, with what may be a password.
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		bad("URL is not an absolute http or https URL")
	case u.User != nil:
		bad("URL holds credentials, which belong in APIKey or Header")
	}
	if strings.ContainsFunc(c.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }) {
		bad("APIKey holds characters that a header cannot carry")
	}
	for _, f := range []struct {
		name string
		n    int
	}{{"FlushSize", c.FlushSize}, {"MaxBatchBytes", c.MaxBatchBytes}, {"MaxInFlight", c.MaxInFlight}} {
		if f.n < 1 {
			bad("%s is %d, less than 1", f.name, f.n)
		}
	}
	if c.FlushInterval < 0 {
		bad("FlushInterval is %v, less than 0", c.FlushInterval)
	}
	if c.Timeout < 0 {
		bad("Timeout is %v, less than 0", c.Timeout)
	}
	if c.Compression != CompressionGzip && c.Compression != CompressionNone {
		bad("Compression is %q, not %q or %q", c.Compression, CompressionGzip, CompressionNone)
	}
	errs = append(errs, c.Retry.Validate(), c.RateLimit.Validate())
	return errors.Join(errs...)
}

// String describes c without a secret: neither the key nor the value of a header
// nor the query of the URL.
func (c Config) String() string {
	key := ""
	if c.APIKey != "" {
		key = "[redacted]"
	}
	where := "[unreadable]"
	if u, err := url.Parse(c.URL); err == nil {
		where = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return fmt.Sprintf("sender.Config{URL: %s, APIKey: %s, Header: %v, FlushSize: %d, FlushInterval: %v, MaxBatchBytes: %d, MaxInFlight: %d, Compression: %s, Timeout: %v}",
		where, key, slices.Sorted(maps.Keys(c.Header)), c.FlushSize, c.FlushInterval, c.MaxBatchBytes, c.MaxInFlight, c.Compression, c.Timeout)
}

// Format prints [Config.String] whatever the verb: %+v, %#v and %d must not reach
// the key either.
func (c Config) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, c.String()) }

// LogValue keeps secrets out of structured logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON keeps secrets out of JSON.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }
