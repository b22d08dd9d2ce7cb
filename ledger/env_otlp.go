package ledger

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/target"
	"github.com/ledger-sdk/ledger-go/sender"
)

// exporter returns the two variables of a setting of the OTLP exporter: the one for
// logs goes before the one for every signal.
func exporter(setting string) []string {
	return []string{"OTEL_EXPORTER_OTLP_LOGS_" + setting, "OTEL_EXPORTER_OTLP_" + setting}
}

// server reads where records go, and what is for that server alone: a header or a
// certificate of OTEL_* does not go to the server of LEDGER_BASE_URL, nor to one
// that the application names.
func (e *env) server(c *Config) {
	c.TLS = TLSFiles{
		CA:   e.text("LEDGER_TLS_CA_FILE"),
		Cert: e.text("LEDGER_TLS_CERT_FILE"),
		Key:  e.text("LEDGER_TLS_KEY_FILE"),
	}
	if c.Endpoint = e.text("LEDGER_BASE_URL"); c.Endpoint != "" {
		return
	}
	if c.LogsURL = e.text("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"); c.LogsURL == "" {
		c.Endpoint = otlpBase(e.text("OTEL_EXPORTER_OTLP_ENDPOINT"))
	}
	if c.LogsURL == "" && c.Endpoint == "" {
		return
	}
	c.Headers = e.headers("Headers", exporter("HEADERS")...)
	c.TLS.CA = cmp.Or(c.TLS.CA, e.text(exporter("CERTIFICATE")...))
	c.TLS.Cert = cmp.Or(c.TLS.Cert, e.text(exporter("CLIENT_CERTIFICATE")...))
	c.TLS.Key = cmp.Or(c.TLS.Key, e.text(exporter("CLIENT_KEY")...))
	e.protocol()
}

// otlpBase is the Endpoint that stands for a base URL of OpenTelemetry, to which
// v1/logs is appended whatever it ends in. The client does so but to one that ends
// in it already: that one has it appended here.
func otlpBase(s string) string {
	if logs := target.Logs(s); s != "" && logs == strings.TrimSuffix(s, "/") {
		return logs + "/v1/logs"
	}
	return s
}

// protocol refuses to speak HTTP to a server that waits for something else: the
// ports and the formats differ, and every request would fail without a clear word.
func (e *env) protocol() {
	name, s := e.lookup(exporter("PROTOCOL")...)
	if s == "" || strings.EqualFold(s, "http/protobuf") {
		return
	}
	e.errs = append(e.errs, &ConfigError{name, fmt.Sprintf(
		"is %q, and this library speaks http/protobuf: set OTEL_EXPORTER_OTLP_LOGS_PROTOCOL to that, and OTEL_EXPORTER_OTLP_LOGS_ENDPOINT to where it is spoken", s)})
}

// batches reads when a request is made. A delay of 0 asks for one at once, which
// a Config cannot say with its zero.
func (e *env) batches(c *Config) {
	if c.FlushInterval = e.duration("FlushInterval", "LEDGER_FLUSH_INTERVAL"); e.text("LEDGER_FLUSH_INTERVAL") == "" {
		if d, ok := e.milliseconds("FlushInterval", "OTEL_BLRP_SCHEDULE_DELAY"); ok {
			c.FlushInterval = max(d, time.Millisecond)
		}
	}
	if c.FlushSize = int(e.number("FlushSize", "LEDGER_FLUSH_SIZE")); e.text("LEDGER_FLUSH_SIZE") == "" {
		const name = "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"
		if n, ok := e.count("FlushSize", "a whole number", name); ok && n == 0 {
			e.bad("FlushSize", name, "a batch of 0 records")
		} else {
			c.FlushSize = min(n, maxFlushSize)
		}
	}
}

// noTimeout is what the specification offers for a timeout of 0, which is none.
const noTimeout = math.MaxInt32 * time.Millisecond

// requests reads how one is made.
func (e *env) requests(c *Config) {
	name, s := e.lookup(append([]string{"LEDGER_COMPRESSION"}, exporter("COMPRESSION")...)...)
	switch s = strings.ToLower(s); s {
	case "", sender.CompressionGzip, sender.CompressionNone:
		c.Compression = s
	default:
		e.bad("Compression", name, "not gzip or none")
	}
	if c.Timeout = e.duration("Timeout", "LEDGER_TIMEOUT"); e.text("LEDGER_TIMEOUT") == "" {
		if d, ok := e.milliseconds("Timeout", exporter("TIMEOUT")...); ok {
			c.Timeout = cmp.Or(d, noTimeout)
		}
	}
}
