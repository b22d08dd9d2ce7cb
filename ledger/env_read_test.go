package ledger_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestNumbersOfOTELAreBounded(t *testing.T) {
	type config = ledger.Config
	const none = (1<<31 - 1) * time.Millisecond
	for _, tt := range []struct {
		name, value string
		want        config
		bad         string
	}{
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "1500", config{Timeout: 1500 * time.Millisecond}, ""},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "0", config{Timeout: none}, ""},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "2147483647", config{Timeout: none}, ""},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "2147483648", config{}, "Timeout"},
		{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "-1", config{}, "Timeout"},
		{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "10s", config{}, "Timeout"},
		{"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "1.5", config{}, "Timeout"},
		{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", config{}, "Compression"},
		{"LEDGER_COMPRESSION", "zip", config{}, "Compression"},
		{"OTEL_BLRP_SCHEDULE_DELAY", "1000", config{FlushInterval: time.Second}, ""},
		{"OTEL_BLRP_SCHEDULE_DELAY", "0", config{FlushInterval: time.Millisecond}, ""},
		{"OTEL_BLRP_SCHEDULE_DELAY", "-5", config{}, "FlushInterval"},
		{"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "512", config{FlushSize: 512}, ""},
		{"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "4096", config{FlushSize: 1000}, ""},
		{"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "0", config{}, "FlushSize"},
		{"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "x", config{}, "FlushSize"},
		{"LEDGER_TIMEOUT", "1e300", config{}, "Timeout"},
		{"LEDGER_TIMEOUT", "NaN", config{}, "Timeout"},
		{"LEDGER_MAX_AGE", "-Inf", config{}, "MaxAge"},

		// Switches of the OpenTelemetry SDK, which this is not.
		{"OTEL_SDK_DISABLED", "true", config{}, ""},
		{"OTEL_LOGS_EXPORTER", "none", config{}, ""},
		{"OTEL_BLRP_MAX_QUEUE_SIZE", "1", config{}, ""},
		{"OTEL_BLRP_EXPORT_TIMEOUT", "1", config{}, ""},
	} {
		environment(t, map[string]string{tt.name: tt.value})
		c, err := ledger.ConfigFromEnv()
		assert.Equal(t, tt.want, c, "%s=%s", tt.name, tt.value)
		if tt.bad == "" {
			require.NoError(t, err, "%s=%s", tt.name, tt.value)
		} else {
			require.ErrorContains(t, err, "ledger: config: "+tt.bad+" cannot be read from "+tt.name+": ", tt.value)
		}
	}

	environment(t, map[string]string{
		"LEDGER_FLUSH_INTERVAL": "3s", "OTEL_BLRP_SCHEDULE_DELAY": "1000", "LEDGER_FLUSH_SIZE": "7", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "512",
		"LEDGER_TIMEOUT": "2s", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "1", "LEDGER_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION": "gzip",
	})
	c, err := ledger.ConfigFromEnv()
	require.NoError(t, err)
	assert.Equal(t, config{FlushInterval: 3 * time.Second, FlushSize: 7, Timeout: 2 * time.Second, Compression: "none"}, c, "LEDGER_* goes first")
}

// The list in the documentation of ConfigFromEnv is what users read.
func TestEveryVariableThatIsReadIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("env.go")
	require.NoError(t, err)
	head, _, _ := strings.Cut(string(doc), "\nfunc ConfigFromEnv")
	read := 0
	for _, file := range []string{"env.go", "env_otlp.go"} {
		code, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range variables(string(code)) {
			assert.Contains(t, head, name)
			read++
		}
	}
	assert.Greater(t, read, 40)
}

// variables are the names in string literals of Go code, with both names of a
// setting of the exporter.
func variables(code string) []string {
	var out []string
	for i, part := range strings.Split(code, `"`) {
		switch {
		case i%2 == 0:
		case strings.HasPrefix(part, "LEDGER_"), strings.HasPrefix(part, "OTEL_") && !strings.HasSuffix(part, "_"):
			out = append(out, part)
		case slices.Contains([]string{"HEADERS", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY", "PROTOCOL", "COMPRESSION", "TIMEOUT"}, part):
			out = append(out, "OTEL_EXPORTER_OTLP_"+part, "OTEL_EXPORTER_OTLP_LOGS_"+part)
		}
	}
	return out
}
