package ledger

import (
	"cmp"
	"errors"
	"log/slog"
	"slices"
	"strings"
)

// ConfigFromEnv returns a [Config] from the environment. A field whose variables
// are unset or empty keeps its zero value, and with it its default. The first of a
// field's variables that is set counts, so LEDGER_* goes before OTEL_*, and what is
// for logs alone before what is for every signal:
//
//	Dir             LEDGER_DIR
//	Endpoint        LEDGER_BASE_URL, OTEL_EXPORTER_OTLP_ENDPOINT
//	LogsURL         OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, unless LEDGER_BASE_URL is set
//	APIKey          LEDGER_API_KEY
//	Headers         OTEL_EXPORTER_OTLP_LOGS_HEADERS, OTEL_EXPORTER_OTLP_HEADERS
//	TLS.CA          LEDGER_TLS_CA_FILE, OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE, OTEL_EXPORTER_OTLP_CERTIFICATE
//	TLS.Cert        LEDGER_TLS_CERT_FILE, OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE, OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE
//	TLS.Key         LEDGER_TLS_KEY_FILE, OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY, OTEL_EXPORTER_OTLP_CLIENT_KEY
//	ServiceName     LEDGER_SERVICE_NAME, OTEL_SERVICE_NAME, service.name of OTEL_RESOURCE_ATTRIBUTES
//	ServiceVersion  LEDGER_SERVICE_VERSION, service.version of OTEL_RESOURCE_ATTRIBUTES
//	Environment     LEDGER_ENVIRONMENT, deployment.environment.name of OTEL_RESOURCE_ATTRIBUTES
//	Resource        the rest of OTEL_RESOURCE_ATTRIBUTES
//	MaxRecords      LEDGER_MAX_RECORDS
//	MaxBytes        LEDGER_MAX_BYTES
//	MaxAge          LEDGER_MAX_AGE
//	FlushInterval   LEDGER_FLUSH_INTERVAL, OTEL_BLRP_SCHEDULE_DELAY
//	FlushSize       LEDGER_FLUSH_SIZE, OTEL_BLRP_MAX_EXPORT_BATCH_SIZE (at most 1000)
//	Durability      LEDGER_DURABILITY (interval, always, never)
//	SyncEvery       LEDGER_SYNC_EVERY
//	MaxInFlight     LEDGER_MAX_IN_FLIGHT
//	Compression     LEDGER_COMPRESSION, OTEL_EXPORTER_OTLP_LOGS_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION (gzip, none)
//	Timeout         LEDGER_TIMEOUT, OTEL_EXPORTER_OTLP_LOGS_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT
//
// Durations of LEDGER_* are written as Go writes them (5s, 100ms), or as a number of
// seconds; those of OTEL_* are whole milliseconds, and a timeout of 0 is none.
// Headers are written k=v,k=v, the values percent-encoded where they must be.
//
// To OTEL_EXPORTER_OTLP_ENDPOINT v1/logs is appended whatever it ends in, as the
// OpenTelemetry specification asks; OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is used as it
// is. There is no default endpoint. What belongs to the server of OTEL_* goes to no
// other: its headers and certificates are read only if the endpoint comes from
// OTEL_* too. Then OTEL_EXPORTER_OTLP_LOGS_PROTOCOL, or else
// OTEL_EXPORTER_OTLP_PROTOCOL, must be http/protobuf if it is set. An application
// that replaces the endpoint should replace Headers and TLS as well.
//
// HTTPS_PROXY, HTTP_PROXY and NO_PROXY are obeyed unless the Config gets an
// HTTPClient. Not read are OTEL_SDK_DISABLED and OTEL_LOGS_EXPORTER, which switch
// the SDK of OpenTelemetry; OTEL_BLRP_MAX_QUEUE_SIZE and OTEL_BLRP_EXPORT_TIMEOUT:
// the former bounds memory, where MaxRecords bounds what an outage may cost; and
// OTEL_EXPORTER_OTLP_INSECURE, which is for gRPC.
//
// The error joins a [*ConfigError] for every variable that cannot be read, named
// by its field and never repeating a secret. The rest of the Config is filled in
// all the same, as if the variable were unset. What is missing is for
// [Config.Validate] to say.
func ConfigFromEnv() (Config, error) {
	var c Config
	e := env{}
	c.Dir = e.text("LEDGER_DIR")
	e.server(&c)
	c.APIKey = e.text("LEDGER_API_KEY")

	attrs := e.attributes("Resource", "OTEL_RESOURCE_ATTRIBUTES")
	c.ServiceName = cmp.Or(e.text("LEDGER_SERVICE_NAME", "OTEL_SERVICE_NAME"), attrs["service.name"])
	c.ServiceVersion = cmp.Or(e.text("LEDGER_SERVICE_VERSION"), attrs["service.version"])
	c.Environment = cmp.Or(e.text("LEDGER_ENVIRONMENT"), attrs["deployment.environment.name"], attrs["deployment.environment"])
	c.Resource = rest(attrs)

	c.MaxRecords = int(e.number("MaxRecords", "LEDGER_MAX_RECORDS"))
	c.MaxBytes = e.number("MaxBytes", "LEDGER_MAX_BYTES")
	c.MaxAge = e.duration("MaxAge", "LEDGER_MAX_AGE")
	e.batches(&c)
	e.unmarshal("Durability", "LEDGER_DURABILITY", &c.Durability)
	c.SyncEvery = e.duration("SyncEvery", "LEDGER_SYNC_EVERY")
	c.MaxInFlight = int(e.number("MaxInFlight", "LEDGER_MAX_IN_FLIGHT"))
	e.requests(&c)
	return c, errors.Join(e.errs...)
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
