package ledger

import (
	"bytes"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/detect"
	"github.com/ledger-sdk/ledger-go/sender"
)

// pod is a system of which much can be told.
func pod() *detect.System {
	env := map[string]string{"K8S_POD_NAME": "web-5c7", "K8S_NAMESPACE_NAME": "store", "FLY_APP_NAME": "x"}
	return &detect.System{
		Env:        func(name string) string { return env[name] },
		ReadFile:   func(string) ([]byte, error) { return nil, assert.AnError },
		Hostname:   func() (string, error) { return "web-1", nil },
		Executable: func() (string, error) { return "/opt/shopd", nil },
		BuildInfo: func() (*debug.BuildInfo, bool) {
			return &debug.BuildInfo{Main: debug.Module{Version: "v1.0.0"}}, true
		},
		GOOS: "linux", GOARCH: "amd64",
	}
}

// described returns the resource, of equal keys the last.
func described(cfg Config, s *detect.System) (out map[string]string, diagnostics string) {
	var text bytes.Buffer
	cfg.Logger = slog.New(slog.NewTextHandler(&text, nil))
	out = map[string]string{}
	for _, a := range describe(cfg, sender.Identity{Epoch: 7}, s) {
		out[a.Key] = a.Value.String()
	}
	return out, text.String()
}

func TestTheSurerSourceOfAResourceWins(t *testing.T) {
	const list = "service.name=listed,service.version=v2,deployment.environment=stage,host.name=h2,k8s.pod.name=listed%20pod,team=core"
	for _, c := range []struct {
		name                    string
		cfg                     Config
		system                  *detect.System
		service, list           string
		wantName, wantVersion   string
		wantEnvironment         string
		wantHost, wantPod, team string
	}{
		{name: "nothing but defaults", wantName: "unknown_service:ledger.test"},
		{name: "the detectors", system: pod(), wantName: "unknown_service:ledger.test", wantVersion: "v1.0.0", wantHost: "web-1", wantPod: "web-5c7"},
		{name: "the list above the detectors", system: pod(), list: list, wantName: "listed", wantVersion: "v2", wantEnvironment: "stage", wantHost: "h2", wantPod: "listed pod", team: "core"},
		{name: "the service's own variable above the list", system: pod(), service: "own", list: list, wantName: "own", wantVersion: "v2", wantEnvironment: "stage", wantHost: "h2", wantPod: "listed pod", team: "core"},
		{
			name: "the Config above all", system: pod(), service: "own", list: list,
			cfg: Config{
				ServiceName: "shop", ServiceVersion: "v3", Environment: "prod",
				Resource: []slog.Attr{slog.String("host.name", "h3"), slog.String("team", "shop")},
			},
			wantName: "shop", wantVersion: "v3", wantEnvironment: "prod", wantHost: "h3", wantPod: "listed pod", team: "shop",
		},
		{
			name: "its attributes above its fields", system: pod(), wantName: "attribute", wantVersion: "v1.0.0", wantHost: "web-1", wantPod: "web-5c7",
			cfg: Config{ServiceName: "field", Resource: []slog.Attr{slog.String("service.name", "attribute")}},
		},
		{name: "switched off", service: "own", list: list, cfg: Config{ServiceVersion: "v3"}, wantName: "unknown_service:ledger.test", wantVersion: "v3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("OTEL_SERVICE_NAME", c.service)
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", c.list)
			got, diagnostics := described(c.cfg, c.system)
			assert.Equal(t, c.wantName, strings.TrimSuffix(got["service.name"], ".exe"))
			assert.Equal(t, c.wantVersion, got["service.version"])
			assert.Equal(t, c.wantEnvironment, got["deployment.environment.name"])
			assert.Equal(t, c.wantHost, got["host.name"])
			assert.Equal(t, c.wantPod, got["k8s.pod.name"])
			assert.Equal(t, c.team, got["team"])
			assert.NotContains(t, got, "deployment.environment", "the conventions' old name")
			assert.Equal(t, "go", got["process.runtime.name"])
			assert.Equal(t, "ledger", got["telemetry.distro.name"])
			assert.Equal(t, Version, got["ledger.sdk_version"])
			assert.Empty(t, diagnostics)
		})
	}
}

func TestAListThatCannotBeUsedIsReportedAndLeftOut(t *testing.T) {
	for name, list := range map[string]string{
		"not a list": "team",
		"too large":  "team=" + strings.Repeat("x", maxResource),
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", list)
			got, diagnostics := described(Config{}, pod())
			assert.NotContains(t, got, "team")
			assert.Equal(t, "web-5c7", got["k8s.pod.name"], "the rest is there")
			assert.Equal(t, 1, strings.Count(diagnostics, "level=WARN"), diagnostics)
			assert.Contains(t, diagnostics, "OTEL_RESOURCE_ATTRIBUTES")
			assert.NotContains(t, diagnostics, "xxx", "the value may be a secret")
		})
	}
}

// What every record carries has to be little: it counts toward the record's limit.
func TestADetectedResourceIsSmall(t *testing.T) {
	attrs := describe(Config{}, sender.Identity{Epoch: 7}, pod())
	assert.Less(t, resourceSize(attrs), 2_000)
	require.LessOrEqual(t, len(attrs), 20)
}

func TestAnInstanceIDIsAUUIDOfVersion5(t *testing.T) {
	// As computed by another implementation from the namespace of the conventions.
	assert.Equal(t, "5d931358-9cfa-573f-b4f8-5bc4300c9b4a", instanceID(0x0123456789abcdef))
	seen := map[string]bool{}
	for epoch := range uint64(100) {
		id := instanceID(epoch)
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}
