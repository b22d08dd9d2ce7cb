package ledger_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestEveryBadFieldIsNamedInOneError(t *testing.T) {
	_, err := ledger.Open(ledger.Config{
		Endpoint: "ftp://user:pw@host", APIKey: "two words", Headers: map[string]string{"a b": "c"},
		MaxRecords: -1, MaxBytes: -1, MaxAge: -1, FlushInterval: -1, FlushSize: 1001, SyncEvery: -1,
		Durability: 9, MaxInFlight: -1, Compression: "zip", Timeout: -1, RingBytes: 5,
		KeepAcked: ledger.Retention{Bytes: -1}, Resource: []slog.Attr{slog.String("big", strings.Repeat("x", 30_000))},
	})
	require.Error(t, err)
	for _, field := range []string{
		"Dir", "Endpoint", "APIKey", "Headers", "MaxRecords", "MaxBytes", "MaxAge", "FlushInterval", "FlushSize",
		"SyncEvery", "Durability", "MaxInFlight", "Compression", "Timeout", "RingBytes", "KeepAcked", "Resource",
	} {
		assert.ErrorContains(t, err, "config: "+field+" ")
	}
	assert.NotContains(t, err.Error(), "pw")
	assert.NotContains(t, err.Error(), "two words")
	var one *ledger.ConfigError
	require.ErrorAs(t, err, &one)
}

func TestEndpointIsChecked(t *testing.T) {
	for _, tt := range []struct{ endpoint, want string }{
		{"http://localhost:4318", ""},
		{"https://logs.example.com/base/", ""},
		{"", "empty"},
		{"localhost:4318", "does not start with"},
		{"http://", "names no host"},
		{"http://u:p@host", "credentials"},
		{"http://host?x=1", "query"},
		{"http://host:bad", "not a URL"},
	} {
		err := ledger.Config{Dir: "d", Endpoint: tt.endpoint}.Validate()
		if tt.want == "" {
			assert.NoError(t, err, tt.endpoint)
		} else {
			assert.ErrorContains(t, err, tt.want, tt.endpoint)
		}
	}
}

func TestConfigFromEnvPrefersLedgerOverOTEL(t *testing.T) {
	for k, v := range map[string]string{
		"LEDGER_DIR": "/var/lib/shop/ledger", "LEDGER_BASE_URL": "https://ledger.example.com",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_EXPORTER_OTLP_HEADERS": "x=1",
		"LEDGER_API_KEY": "ledger_k", "OTEL_SERVICE_NAME": "shop",
		"OTEL_RESOURCE_ATTRIBUTES": "service.version=1.0,deployment.environment.name=prod,team=a%20b,service.name=other",
		"LEDGER_MAX_RECORDS":       "500", "LEDGER_MAX_BYTES": "1048576", "LEDGER_FLUSH_INTERVAL": "2.5", "LEDGER_FLUSH_SIZE": "50",
		"LEDGER_DURABILITY": "always", "LEDGER_SYNC_EVERY": "20ms", "LEDGER_MAX_IN_FLIGHT": "2", "LEDGER_MAX_AGE": "24h",
		"OTEL_EXPORTER_OTLP_TIMEOUT": "1500", "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
	} {
		t.Setenv(k, v)
	}
	c, err := ledger.ConfigFromEnv()
	require.NoError(t, err)
	assert.Equal(t, ledger.Config{
		Dir: "/var/lib/shop/ledger", Endpoint: "https://ledger.example.com", APIKey: "ledger_k",
		ServiceName: "shop", ServiceVersion: "1.0", Environment: "prod", Resource: []slog.Attr{slog.String("team", "a b")},
		MaxRecords: 500, MaxBytes: 1 << 20, MaxAge: 24 * time.Hour, FlushInterval: 2500 * time.Millisecond, FlushSize: 50,
		Durability: ledger.SyncAlways, SyncEvery: 20 * time.Millisecond, MaxInFlight: 2, Timeout: 1500 * time.Millisecond, Compression: "none",
	}, c)
	require.NoError(t, c.Validate())
}

func TestConfigFromEnvFallsBackToOTEL(t *testing.T) {
	t.Setenv("LEDGER_BASE_URL", "")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=a%3Db, y = z")
	c, err := ledger.ConfigFromEnv()
	require.NoError(t, err)
	assert.Equal(t, "http://collector:4318", c.Endpoint)
	assert.Equal(t, map[string]string{"x-scope": "a=b", "y": "z"}, c.Headers)
}

func TestConfigFromEnvNamesEveryBadVariable(t *testing.T) {
	t.Setenv("LEDGER_MAX_RECORDS", "many")
	t.Setenv("LEDGER_FLUSH_INTERVAL", "soon")
	t.Setenv("LEDGER_DURABILITY", "sometimes")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "novalue")
	_, err := ledger.ConfigFromEnv()
	for _, want := range []string{"LEDGER_MAX_RECORDS", "LEDGER_FLUSH_INTERVAL", "LEDGER_DURABILITY", "OTEL_RESOURCE_ATTRIBUTES"} {
		assert.ErrorContains(t, err, want)
	}
}

func TestDurabilityText(t *testing.T) {
	for _, d := range []ledger.Durability{ledger.SyncInterval, ledger.SyncAlways, ledger.SyncNever} {
		var back ledger.Durability
		require.NoError(t, back.UnmarshalText([]byte(d.String())))
		assert.Equal(t, d, back)
	}
	assert.Equal(t, "durability(7)", ledger.Durability(7).String())
}
