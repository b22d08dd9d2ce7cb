package ledger

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ConfigFromEnv returns a [Config] from the environment. A field whose variables
// are unset keeps its zero value, and with it its default. LEDGER_* goes before
// OTEL_*:
//
//	Dir             LEDGER_DIR
//	Endpoint        LEDGER_BASE_URL, OTEL_EXPORTER_OTLP_ENDPOINT
//	APIKey          LEDGER_API_KEY
//	Headers         OTEL_EXPORTER_OTLP_HEADERS (k=v,k=v with percent encoding)
//	ServiceName     LEDGER_SERVICE_NAME, OTEL_SERVICE_NAME, service.name of OTEL_RESOURCE_ATTRIBUTES
//	ServiceVersion  LEDGER_SERVICE_VERSION, service.version of OTEL_RESOURCE_ATTRIBUTES
//	Environment     LEDGER_ENVIRONMENT, deployment.environment.name of OTEL_RESOURCE_ATTRIBUTES
//	Resource        the rest of OTEL_RESOURCE_ATTRIBUTES
//	MaxRecords      LEDGER_MAX_RECORDS
//	MaxBytes        LEDGER_MAX_BYTES
//	MaxAge          LEDGER_MAX_AGE
//	FlushInterval   LEDGER_FLUSH_INTERVAL
//	FlushSize       LEDGER_FLUSH_SIZE
//	Durability      LEDGER_DURABILITY (interval, always, never)
//	SyncEvery       LEDGER_SYNC_EVERY
//	MaxInFlight     LEDGER_MAX_IN_FLIGHT
//	Compression     LEDGER_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION (gzip, none)
//	Timeout         LEDGER_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT (the latter in ms)
//
// Durations are written as Go writes them (5s, 100ms), or as a number of seconds.
// OTEL_EXPORTER_OTLP_HEADERS is read only if the endpoint comes from OTEL_* too:
// headers meant for one server do not go to another.
//
// The error joins a [*ConfigError] for every variable that cannot be read, named
// by its field and never repeating a secret. The rest of the Config is filled in
// all the same. What is missing is for [Config.Validate] to say.
func ConfigFromEnv() (Config, error) {
	var c Config
	e := env{}
	c.Dir = e.text("LEDGER_DIR")
	c.Endpoint = e.text("LEDGER_BASE_URL")
	if c.Endpoint == "" {
		c.Endpoint = e.text("OTEL_EXPORTER_OTLP_ENDPOINT")
		c.Headers = e.headers("Headers", "OTEL_EXPORTER_OTLP_HEADERS")
	}
	c.APIKey = e.text("LEDGER_API_KEY")

	attrs := e.pairs("Resource", "OTEL_RESOURCE_ATTRIBUTES")
	c.ServiceName = e.first(e.text("LEDGER_SERVICE_NAME", "OTEL_SERVICE_NAME"), attrs["service.name"])
	c.ServiceVersion = e.first(e.text("LEDGER_SERVICE_VERSION"), attrs["service.version"])
	c.Environment = e.first(e.text("LEDGER_ENVIRONMENT"), attrs["deployment.environment.name"], attrs["deployment.environment"])
	c.Resource = rest(attrs)

	c.MaxRecords = int(e.number("MaxRecords", "LEDGER_MAX_RECORDS"))
	c.MaxBytes = e.number("MaxBytes", "LEDGER_MAX_BYTES")
	c.MaxAge = e.duration("MaxAge", "LEDGER_MAX_AGE")
	c.FlushInterval = e.duration("FlushInterval", "LEDGER_FLUSH_INTERVAL")
	c.FlushSize = int(e.number("FlushSize", "LEDGER_FLUSH_SIZE"))
	e.unmarshal("Durability", "LEDGER_DURABILITY", &c.Durability)
	c.SyncEvery = e.duration("SyncEvery", "LEDGER_SYNC_EVERY")
	c.MaxInFlight = int(e.number("MaxInFlight", "LEDGER_MAX_IN_FLIGHT"))
	c.Compression = e.text("LEDGER_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION")
	c.Timeout = e.duration("Timeout", "LEDGER_TIMEOUT")
	if c.Timeout == 0 {
		c.Timeout = time.Duration(e.number("Timeout", "OTEL_EXPORTER_OTLP_TIMEOUT")) * time.Millisecond
	}
	return c, errors.Join(e.errs...)
}

// env reads variables and collects what cannot be read.
type env struct{ errs []error }

func (e *env) bad(field, name, what string) {
	e.errs = append(e.errs, &ConfigError{field, fmt.Sprintf("cannot be read from %s: %s", name, what)})
}

// text returns the first of the variables that is set.
func (e *env) text(names ...string) string {
	for _, name := range names {
		if s := strings.TrimSpace(os.Getenv(name)); s != "" {
			return s
		}
	}
	return ""
}

func (e *env) first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func (e *env) number(field, name string) int64 {
	s := e.text(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		e.bad(field, name, "not a whole number")
		return 0
	}
	return n
}

func (e *env) duration(field, name string) time.Duration {
	s := e.text(name)
	if s == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		return time.Duration(seconds * float64(time.Second))
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		e.bad(field, name, "not a duration such as 5s or 100ms")
	}
	return d
}

func (e *env) unmarshal(field, name string, to encoding.TextUnmarshaler) {
	s := e.text(name)
	if s == "" {
		return
	}
	if err := to.UnmarshalText([]byte(s)); err != nil {
		e.bad(field, name, err.Error())
	}
}

// pairs reads a list of the form k=v,k=v with percent encoding, as the
// OpenTelemetry specification defines it.
func (e *env) pairs(field, name string) map[string]string {
	out := map[string]string{}
	for pair := range strings.SplitSeq(e.text(name), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		key, keyErr := url.PathUnescape(strings.TrimSpace(k))
		value, valueErr := url.PathUnescape(strings.TrimSpace(v))
		if !ok || key == "" || keyErr != nil || valueErr != nil {
			e.bad(field, name, "not a list of the form key=value,key=value")
			return out
		}
		out[key] = value
	}
	return out
}

func (e *env) headers(field, name string) map[string]string {
	out := e.pairs(field, name)
	if len(out) == 0 {
		return nil
	}
	return out
}

// rest returns the attributes that have no field of their own, sorted by key.
func rest(attrs map[string]string) []slog.Attr {
	var out []slog.Attr
	for k, v := range attrs {
		switch k {
		case "service.name", "service.version", "deployment.environment.name", "deployment.environment":
		default:
			out = append(out, slog.String(k, v))
		}
	}
	slices.SortFunc(out, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	return out
}
