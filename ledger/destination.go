package ledger

import (
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
)

// Destination is a server that gets every record, besides others. Each destination has
// its own acked offset, its own limits and its own health: one that is down neither slows
// nor starves another. A record is given up by the log when all are done with it.
//
// What is zero is as in the [Config], but for where records go and what is said to get
// in: those are the destination's own.
type Destination struct {
	// Name by which the destination is found again after a restart, whatever its address
	// is then: lower case letters, digits, dots, dashes and underscores. Required, and
	// not that of another.
	Name string
	// Endpoint, LogsURL, APIKey, Headers and TLS are as those of Config, and never
	// taken from there.
	Endpoint, LogsURL, APIKey string
	Headers                   map[string]string
	TLS                       TLSFiles
	// HTTPClient is used instead of a client of the library's own.
	HTTPClient *http.Client

	Retry       sender.Retry
	RateLimit   sender.RateLimit
	MaxInFlight int
	Compression string
	Timeout     time.Duration
	// LearnLimits and FreshFirst are the destination's own.
	LearnLimits bool
	FreshFirst  bool
}

// DefaultDestination is the name of the destination that the fields of the Config
// itself describe.
const DefaultDestination = sender.DefaultDestination

// destinations returns what each destination is configured with: that of the fields of c
// first, if they name one. The Destinations of the results are empty.
func (c Config) destinations() []Destination {
	var all []Destination
	if c.Endpoint != "" || c.LogsURL != "" || len(c.Destinations) == 0 {
		all = append(all, Destination{
			Name: DefaultDestination, Endpoint: c.Endpoint, LogsURL: c.LogsURL, APIKey: c.APIKey, Headers: c.Headers,
			TLS: c.TLS, HTTPClient: c.HTTPClient, LearnLimits: c.LearnLimits, FreshFirst: c.FreshFirst,
		})
	}
	return append(all, c.Destinations...)
}

// of returns the configuration as one destination sees it.
func (c Config) of(d Destination) Config {
	c.Destinations = nil
	c.Endpoint, c.LogsURL, c.APIKey, c.Headers, c.TLS = d.Endpoint, d.LogsURL, d.APIKey, d.Headers, d.TLS
	c.HTTPClient, c.LearnLimits, c.FreshFirst = d.HTTPClient, d.LearnLimits, d.FreshFirst
	override(&c.Retry, d.Retry)
	override(&c.RateLimit, d.RateLimit)
	override(&c.MaxInFlight, d.MaxInFlight)
	override(&c.Compression, d.Compression)
	override(&c.Timeout, d.Timeout)
	return c
}

func override[T comparable](field *T, by T) {
	var zero T
	if by != zero {
		*field = by
	}
}
