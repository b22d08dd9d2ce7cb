package ledger_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// environment makes vars the only variables that a Config can come from.
func environment(t *testing.T, vars map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "OTEL_") || strings.HasPrefix(name, "LEDGER_") {
			t.Setenv(name, "")
		}
	}
	for name, value := range vars {
		t.Setenv(name, value)
	}
}

// request is what goes out for one record with the Config of the environment.
func request(t *testing.T) *http.Request {
	t.Helper()
	cfg, err := ledger.ConfigFromEnv()
	require.NoError(t, err)
	got := make(chan *http.Request, 1)
	cfg.Dir = filepath.Join(t.TempDir(), "l")
	cfg.FlushInterval, cfg.SyncEvery = time.Millisecond, time.Millisecond
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		got <- r
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})}
	c := open(t, cfg)
	require.NoError(t, c.Log(t.Context(), ledger.Record{Message: "x"}))
	require.NoError(t, c.Flush(within(t)))
	return <-got
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The specification gives its examples for traces and metrics too: the rule of a
// signal's own variable is shown here with that of logs.
func TestEndpointRulesOfTheSpecification(t *testing.T) {
	const base, logs, ours = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "LEDGER_BASE_URL"
	type vars = map[string]string
	for _, tt := range []struct {
		name string
		vars vars
		want string
	}{
		{"example 1", vars{base: "http://collector:4318"}, "http://collector:4318/v1/logs"},
		{"example 2, no path", vars{logs: "http://collector:4318"}, "http://collector:4318/"},
		{"example 2, with a path", vars{logs: "https://collector.example.com/v1/metrics"}, "https://collector.example.com/v1/metrics"},
		{
			"example 3, base",
			vars{base: "http://collector:4318/mycollector/", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "https://collector.example.com/v1/metrics/"},
			"http://collector:4318/mycollector/v1/logs",
		},
		{
			"example 3, its own",
			vars{base: "http://collector:4318/mycollector/", logs: "https://collector.example.com/v1/metrics/"},
			"https://collector.example.com/v1/metrics/",
		},

		{"slash at the end", vars{base: "http://collector:4318/"}, "http://collector:4318/v1/logs"},
		{"path without one", vars{base: "http://collector:4318/mycollector"}, "http://collector:4318/mycollector/v1/logs"},
		{"base that looks complete", vars{base: "http://collector:4318/v1/logs"}, "http://collector:4318/v1/logs/v1/logs"},
		{"and has a slash", vars{base: "http://collector:4318/v1/logs/"}, "http://collector:4318/v1/logs/v1/logs"},
		{"slashes are not merged", vars{base: "http://collector//a//"}, "http://collector//a//v1/logs"},
		{"escapes are kept", vars{base: "http://collector/a%2Fb"}, "http://collector/a%2Fb/v1/logs"},
		{"no port", vars{base: "https://collector"}, "https://collector/v1/logs"},
		{"IPv6", vars{base: "http://[::1]:4318"}, "http://[::1]:4318/v1/logs"},
		{"query of its own", vars{logs: "https://collector/insert?stream=a&x=%20"}, "https://collector/insert?stream=a&x=%20"},
		{"query and no path", vars{logs: "https://collector?a=b"}, "https://collector/?a=b"},
		{"empty is unset", vars{base: "http://collector:4318", logs: "", ours: " "}, "http://collector:4318/v1/logs"},

		{"ours goes first", vars{ours: "http://ledger/", base: "http://collector", logs: "http://collector"}, "http://ledger/v1/logs"},
		{"ours may be complete", vars{ours: "http://ledger/v1/logs"}, "http://ledger/v1/logs"},
		{"and have a slash", vars{ours: "http://ledger/x/v1/logs/"}, "http://ledger/x/v1/logs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			environment(t, tt.vars)
			r := request(t)
			assert.Equal(t, tt.want, r.URL.Scheme+"://"+r.URL.Host+r.URL.RequestURI())
		})
	}
}

func TestEndpointOfTheEnvironmentIsChecked(t *testing.T) {
	for value, want := range map[string]string{
		"collector:4317":           "does not start with http",
		"http://:4318":             "names no host",
		"http://u:hunter2@host":    "holds credentials",
		"http://host/#hunter2":     "has a fragment",
		"http://host#":             "has a fragment",
		"http://host/%zz?hunter2=": "is not a URL",
	} {
		for name, field := range map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": "Endpoint", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "LogsURL", "LEDGER_BASE_URL": "Endpoint",
		} {
			environment(t, map[string]string{"LEDGER_DIR": "d", name: value})
			c, err := ledger.ConfigFromEnv()
			require.NoError(t, err)
			err = c.Validate()
			require.ErrorContains(t, err, "ledger: config: "+field+" "+want, value)
			assert.NotContains(t, err.Error(), "hunter2")
		}
	}
	environment(t, map[string]string{"LEDGER_DIR": "d", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://host?hunter2"})
	c, err := ledger.ConfigFromEnv()
	require.NoError(t, err)
	assert.EqualError(t, c.Validate(), "ledger: config: Endpoint has a query: it is a base URL, see LogsURL")
	assert.NotContains(t, ledger.Config{LogsURL: "http://host/path?hunter2"}.String(), "hunter2")
	assert.EqualError(t, ledger.Config{Dir: "d", Endpoint: "http://a", LogsURL: "http://b"}.Validate(),
		"ledger: config: LogsURL is set, and so is Endpoint: one of them says where records go")
}

// Every setting can be overridden for logs, each on its own.
func TestVariablesForLogsGoBeforeThoseForAllSignals(t *testing.T) {
	general := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "https://all:4318", "OTEL_EXPORTER_OTLP_HEADERS": "a=all", "OTEL_EXPORTER_OTLP_TIMEOUT": "1000",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_CERTIFICATE": "all-ca.pem", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "all-key.pem",
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "all-cert.pem", "OTEL_EXPORTER_OTLP_PROTOCOL": "HTTP/protobuf", "OTEL_EXPORTER_OTLP_INSECURE": "perhaps",
	}
	all := ledger.Config{
		Endpoint: "https://all:4318", Headers: map[string]string{"a": "all"}, Timeout: time.Second, Compression: "gzip",
		TLS: ledger.TLSFiles{CA: "all-ca.pem", Cert: "all-cert.pem", Key: "all-key.pem"},
	}
	for _, tt := range []struct {
		setting, value string
		set            func(c *ledger.Config)
	}{
		{"NOTHING", "", func(*ledger.Config) {}},
		{"ENDPOINT", "https://logs/x", func(c *ledger.Config) { c.Endpoint, c.LogsURL = "", "https://logs/x" }},
		{"HEADERS", "b=logs", func(c *ledger.Config) { c.Headers = map[string]string{"b": "logs"} }},
		{"TIMEOUT", "250", func(c *ledger.Config) { c.Timeout = 250 * time.Millisecond }},
		{"COMPRESSION", "None", func(c *ledger.Config) { c.Compression = "none" }},
		{"CERTIFICATE", "ca.pem", func(c *ledger.Config) { c.TLS.CA = "ca.pem" }},
		{"CLIENT_KEY", "key.pem", func(c *ledger.Config) { c.TLS.Key = "key.pem" }},
		{"CLIENT_CERTIFICATE", "cert.pem", func(c *ledger.Config) { c.TLS.Cert = "cert.pem" }},
		{"PROTOCOL", "http/protobuf", func(*ledger.Config) {}},
	} {
		for _, value := range []string{tt.value, ""} { // An empty variable is unset.
			vars := maps.Clone(general)
			vars["OTEL_EXPORTER_OTLP_LOGS_"+tt.setting] = value
			environment(t, vars)
			want := all
			if value != "" {
				tt.set(&want)
			}
			got, err := ledger.ConfigFromEnv()
			require.NoError(t, err)
			assert.Equal(t, want, got, tt.setting)
		}
	}
}

// What is meant for one server is not shown to another.
func TestSecretsOfOTELGoToTheEndpointOfOTELOnly(t *testing.T) {
	secrets := map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization=secret", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "not a list",
		"OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "key.pem",
		"OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE": "cert.pem", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
	}
	environment(t, secrets)
	c, err := ledger.ConfigFromEnv()
	require.NoError(t, err)
	assert.Equal(t, ledger.Config{}, c, "the application is going to name the server")

	vars := maps.Clone(secrets)
	vars["LEDGER_BASE_URL"], vars["LEDGER_TLS_CA_FILE"] = "https://ledger", "ours.pem"
	vars["OTEL_EXPORTER_OTLP_ENDPOINT"], vars["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] = "https://otel", "https://otel"
	environment(t, vars)
	c, err = ledger.ConfigFromEnv()
	require.NoError(t, err)
	assert.Equal(t, ledger.Config{Endpoint: "https://ledger", TLS: ledger.TLSFiles{CA: "ours.pem"}}, c)

	environment(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel", "OTEL_EXPORTER_OTLP_CERTIFICATE": "otel.pem", "LEDGER_TLS_CA_FILE": "a", "LEDGER_TLS_CERT_FILE": "b", "LEDGER_TLS_KEY_FILE": "c",
	})
	c, err = ledger.ConfigFromEnv()
	require.NoError(t, err)
	assert.Equal(t, ledger.TLSFiles{CA: "a", Cert: "b", Key: "c"}, c.TLS, "LEDGER_* goes first")
}

func TestOtherProtocolsAreRefusedByName(t *testing.T) {
	for _, protocol := range []string{"grpc", "http/json", "carrier pigeon"} {
		for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"} {
			environment(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317", name: protocol})
			c, err := ledger.ConfigFromEnv()
			require.ErrorContains(t, err, `ledger: config: `+name+` is "`+protocol+`", and this library speaks http/protobuf`)
			assert.Equal(t, "http://collector:4317", c.Endpoint)
			var one *ledger.ConfigError
			require.ErrorAs(t, err, &one)
			assert.Equal(t, name, one.Field)
		}
	}
}
