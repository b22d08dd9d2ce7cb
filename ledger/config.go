package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Retention bounds what is kept of records that a server has acknowledged, so
// that an operator can send them again after the server lost them.
type Retention = wal.Retention

// Config of a [Client]. The zero value of a field is its documented default. A
// Config is passed by value and never changed by this package.
type Config struct {
	// Dir is the directory of this process alone in which records wait. Required.
	// It is made with mode 0700 if it is missing.
	Dir string
	// Endpoint is the base URL of the server; "/v1/logs" is appended, unless it ends
	// in that already. Required, unless LogsURL is set.
	Endpoint string
	// LogsURL is the complete URL that records are posted to, instead of Endpoint:
	// nothing is appended, and it may have a query.
	LogsURL string
	// APIKey is sent as Authorization: Bearer, unless it is empty. It is never
	// printed and never written to disk.
	APIKey string
	// Headers are added to every request, but for Content-Type, Content-Encoding and
	// User-Agent, which are the library's. They are treated as secrets.
	Headers map[string]string
	// Destinations are further servers that get every record. With them Endpoint may be
	// empty.
	Destinations []Destination
	// TLS names the files for an https server: its authorities, our certificate.
	TLS TLSFiles

	// ServiceName, ServiceVersion and Environment describe the process; each
	// record is delivered with those of the process that logged it. ServiceName
	// defaults to OTEL_SERVICE_NAME, else unknown_service: and the name of the
	// executable, ServiceVersion to the main module's version from the build.
	ServiceName, ServiceVersion, Environment string
	// Resource adds attributes to them.
	Resource []slog.Attr
	// NoDetect leaves out of the resource what is found out about build, host, container,
	// pod and cloud platform, from files and environment, and what
	// OTEL_RESOURCE_ATTRIBUTES says.
	NoDetect bool

	// MaxRecords bounds the records that wait, in memory and on disk together;
	// 10,000. Beyond it the oldest are evicted, and counted.
	MaxRecords int
	// MaxBytes bounds them in bytes, to within one segment; 256 MiB.
	MaxBytes int64
	// MaxAge evicts what has waited longer; 0 is no limit.
	MaxAge time.Duration
	// FlushInterval is how long a record waits for others to share a request
	// with; 5 s.
	FlushInterval time.Duration
	// FlushSize is the number of records that are sent at once, and the most that
	// share a request; 1000, which is also the most that the server takes.
	FlushSize int
	// Durability says when records become safe from a power cut; SyncInterval.
	Durability Durability
	// SyncEvery is how long a record may be unsynced under SyncInterval; 100 ms.
	SyncEvery time.Duration
	// Retry and RateLimit shape delivery; see their fields.
	Retry     sender.Retry
	RateLimit sender.RateLimit
	// LearnLimits asks the server, if it is a Ledger server, for its limits on requests,
	// records, batches and fields, and keeps to them. Open does not wait for the answer.
	// Limits that answers name in X-RateLimit headers are kept in any case.
	LearnLimits bool
	// FreshFirst shares the way between a backlog and what is logged now, so that after
	// an outage the present shows at once. Otherwise the oldest goes first.
	FreshFirst bool
	// MaxInFlight is how many requests are under way at most; 4. With 1 the records
	// arrive in the order in which they were admitted.
	MaxInFlight int
	// KeepAcked says how much of what was delivered stays on disk for
	// `ledger-replay replay --acked`; 15 min and 64 MiB. A negative Age keeps none.
	KeepAcked Retention
	// DeadLetters bounds what is kept of the records that a server refused; 10,000, 64 MiB
	// and 30 days. The oldest go first, and are counted. Negative is no limit.
	DeadLetters DeadLimits
	// Compression of requests: "gzip" (the default) or "none".
	Compression string
	// Timeout of one request; 30 s.
	Timeout time.Duration
	// RingBytes is the size of the buffer between Log and the disk; 16 MiB. It
	// holds what is logged while a sync takes its time.
	RingBytes int

	// TraceContext is asked for the trace of each record, before what [ContextWithTrace]
	// left in ctx: for traces that another library keeps in the context. It must be
	// fast. A panic in it is contained.
	TraceContext func(ctx context.Context) (TraceContext, bool)
	// Scrub says what is hidden from records before they are admitted. The zero value
	// hides what is known to be secret.
	Scrub Scrub
	// BeforeSend has the last word on a record before it is admitted: it may
	// change it, or return false to drop it. It sees the record with all its attributes,
	// flat and scrubbed; what it changes is not scrubbed again, except Err and Stack. It
	// runs on the caller's goroutine. A panic in it is contained, and the record is
	// admitted as it was. It must not keep the record or its Attrs.
	BeforeSend func(context.Context, *Record) bool
	// HTTPClient is used instead of a client of the library's own, which obeys
	// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and TLS above. Redirects are never
	// followed, whatever it says.
	HTTPClient *http.Client
	// Logger gets the library's own diagnostics: a few lines per outage. Those that it
	// would write to a client by way of a [Client.Handler] are left out there. Nil
	// discards them.
	Logger *slog.Logger
}

// Durability says when a record becomes safe from a power cut. Whatever it is,
// Log never waits for the network.
type Durability int

const (
	// SyncInterval syncs in the background, at least every SyncEvery. A power cut
	// costs at most what was logged since.
	SyncInterval Durability = iota
	// SyncAlways makes Log wait until its record is synced. Concurrent calls share
	// one sync.
	SyncAlways
	// SyncNever leaves it to the kernel when to write back. Client.Sync still syncs.
	SyncNever
)

var durabilityNames = [...]string{"interval", "always", "never"}

// String returns interval, always or never.
func (d Durability) String() string {
	if d < 0 || int(d) >= len(durabilityNames) {
		return fmt.Sprintf("durability(%d)", int(d))
	}
	return durabilityNames[d]
}

// MarshalText returns what String does.
func (d Durability) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts interval, always and never.
func (d *Durability) UnmarshalText(b []byte) error {
	for i, name := range durabilityNames {
		if strings.EqualFold(name, string(b)) {
			*d = Durability(i)
			return nil
		}
	}
	return fmt.Errorf("ledger: durability is %q, not interval, always or never", b)
}

// String describes c without a secret.
func (c Config) String() string {
	key := ""
	if c.APIKey != "" {
		key = "[redacted]"
	}
	return fmt.Sprintf("ledger.Config{Dir: %s, Endpoint: %s, APIKey: %s, ServiceName: %s, MaxRecords: %d, Durability: %s}",
		c.Dir, safeURL(cmp.Or(c.LogsURL, c.Endpoint)), key, c.ServiceName, c.MaxRecords, c.Durability)
}

// Format prints [Config.String] whatever the verb: no verb may reach the key.
func (c Config) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, c.String()) }

// LogValue keeps secrets out of structured logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON keeps secrets out of JSON.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

func (c Config) withDefaults() Config {
	setDefault(&c.MaxRecords, 10_000)
	setDefault(&c.MaxBytes, 256<<20)
	setDefault(&c.FlushInterval, 5*time.Second)
	setDefault(&c.FlushSize, 1000)
	setDefault(&c.SyncEvery, 100*time.Millisecond)
	setDefault(&c.MaxInFlight, 4)
	setDefault(&c.Timeout, 30*time.Second)
	setDefault(&c.RingBytes, 16<<20)
	setDefault(&c.Compression, sender.CompressionGzip)
	setDefault(&c.KeepAcked.Age, 15*time.Minute)
	setDefault(&c.KeepAcked.Bytes, 64<<20)
	setDefault(&c.DeadLetters.Records, 10_000)
	setDefault(&c.DeadLetters.Bytes, 64<<20)
	setDefault(&c.DeadLetters.Age, 30*24*time.Hour)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	} else {
		c.Logger = own.Logger(c.Logger)
	}
	return c
}

func setDefault[T comparable](field *T, to T) {
	var zero T
	if *field == zero {
		*field = to
	}
}
