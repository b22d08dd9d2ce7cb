package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestEndpointBecomesTheLogsURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://h":                "http://h/v1/logs",
		"https://h:1/":            "https://h:1/v1/logs",
		"https://h/base//":        "https://h/base//v1/logs",
		"https://h/v1/logs":       "https://h/v1/logs",
		"https://h/base/v1/logs/": "https://h/base/v1/logs",
	} {
		d, err := (&destinationFlags{to: in}).resolve(environment(nil))
		require.NoError(t, err, in)
		assert.Equal(t, want, d.url)
	}
}

// R6: what is wrong with an endpoint is said without repeating it.
func TestBadEndpointsAreNotRepeated(t *testing.T) {
	for _, in := range []string{"http://u:SECRET@h", "ftp://SECRET", "SECRET", "http://", "http://h?k=SECRET", "http://h#SECRET", "http://h\x00SECRET"} {
		_, err := (&destinationFlags{to: in}).resolve(environment(nil))
		require.Error(t, err, in)
		assert.NotContains(t, err.Error(), "SECRET")
	}
}

func TestEnvironmentYieldsToFlags(t *testing.T) {
	env := environment(map[string]string{
		"LEDGER_BASE_URL": "http://ledger", "LEDGER_API_KEY": " key ",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel", "OTEL_EXPORTER_OTLP_HEADERS": "a=1, b=two%20words ,",
	})
	d, err := (&destinationFlags{to: "http://flag"}).resolve(env)
	require.NoError(t, err)
	assert.Equal(t, destination{url: "http://flag/v1/logs", header: http.Header{}, apiKey: "key", keyFrom: "LEDGER_API_KEY"}, d)

	d, err = (&destinationFlags{}).resolve(env)
	require.NoError(t, err)
	assert.Equal(t, "http://ledger/v1/logs", d.url)
	assert.Empty(t, d.header, "headers of OTEL_* are for the endpoint of OTEL_*")

	d, err = (&destinationFlags{}).resolve(environment(map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel", "OTEL_EXPORTER_OTLP_HEADERS": "a=1, b=two%20words ,",
	}))
	require.NoError(t, err)
	assert.Equal(t, "http://otel/v1/logs", d.url)
	assert.Equal(t, http.Header{"A": {"1"}, "B": {"two words"}}, d.header)
	assert.Equal(t, "none", d.keyFrom)

	_, err = (&destinationFlags{}).resolve(environment(map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel", "OTEL_EXPORTER_OTLP_HEADERS": "SECRET",
	}))
	require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_HEADERS")
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestHeadersThatCannotBeSentAreRefused(t *testing.T) {
	for _, in := range []string{"", "SECRET", "=SECRET", ": SECRET", "na me=SECRET", "name=SECRET\r\nX: y", "n\x00=SECRET", "näme=SECRET"} {
		_, err := (&destinationFlags{to: "http://h", headers: []string{in}}).resolve(environment(nil))
		require.ErrorContains(t, err, "--header: number 1 is not of the form", "%q", in)
		assert.NotContains(t, err.Error(), "SECRET")
	}
}

func TestHeaderValueMayHoldBothSigns(t *testing.T) {
	d, err := (&destinationFlags{to: "http://h", headers: []string{"a: b=c:d", "e=f:g=h"}}).resolve(environment(nil))
	require.NoError(t, err)
	assert.Equal(t, http.Header{"A": {"b=c:d"}, "E": {"f:g=h"}}, d.header)
}

func TestEmptyKeyFileIsAMistake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(" \n"), 0o600))
	_, err := (&destinationFlags{to: "http://h", keyFile: path}).resolve(environment(map[string]string{"LEDGER_API_KEY": "k"}))
	assert.ErrorContains(t, err, "--api-key-file: the file is empty")
}

// R6: neither the key nor a header's value survives in a server's words.
func TestRedactTakesSecretsOut(t *testing.T) {
	d := &destination{apiKey: "key-of-mine", header: http.Header{"X": {"value-of-mine", "1"}}}
	assert.Equal(t, "no [redacted], no [redacted], but 1", d.redact("no key-of-mine, no value-of-mine, but 1"))
	assert.Equal(t, "nothing", (&destination{}).redact("nothing"))
}

func TestSecretsInPlainSightAreNoticed(t *testing.T) {
	for name, tt := range map[string]struct {
		d    destination
		want bool
	}{
		"no secret":       {destination{url: "http://far.example/v1/logs"}, false},
		"key":             {destination{url: "http://far.example/v1/logs", apiKey: "k"}, true},
		"header":          {destination{url: "http://far.example/v1/logs", header: http.Header{"A": {"b"}}}, true},
		"encrypted":       {destination{url: "https://far.example/v1/logs", apiKey: "k"}, false},
		"loopback":        {destination{url: "http://127.0.0.1:1/v1/logs", apiKey: "k"}, false},
		"loopback by six": {destination{url: "http://[::1]:1/v1/logs", apiKey: "k"}, false},
		"localhost":       {destination{url: "http://localhost/v1/logs", apiKey: "k"}, false},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, tt.d.plainSecret()) })
	}
}
