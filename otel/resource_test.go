package ledgerotel_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"

	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

func shop() *resource.Resource {
	return resource.NewSchemaless(
		attribute.String("service.name", "checkout"), attribute.String("k8s.pod.name", "checkout-7"),
		attribute.StringSlice("process.command_args", []string{"checkout", "-v"}),
		attribute.String("telemetry.sdk.name", "opentelemetry"),
	)
}

// asked is the resource attributes that are looked at in these tests.
func asked(all map[string]any) map[string]any {
	out := map[string]any{}
	for _, key := range []string{"service.name", "k8s.pod.name", "process.command_args", "telemetry.sdk.name", "team"} {
		if v, ok := all[key]; ok {
			out[key] = v
		}
	}
	return out
}

func TestResources_O2(t *testing.T) {
	args := []any{"checkout", "-v"}
	for _, c := range []struct {
		name     string
		given    *resource.Resource // to the client and to WithResource, nil if to neither
		provider *resource.Resource // nil for the SDK's default
		env      string
		resource map[string]any
		record   map[string]any
	}{
		{
			name:     "the SDK's defaults say nothing",
			resource: map[string]any{"service.name": "shop"},
			record:   map[string]any{},
		},
		{
			name:     "what the client does not know is on the record",
			provider: shop(),
			resource: map[string]any{"service.name": "shop"},
			record:   map[string]any{"service.name": "checkout", "k8s.pod.name": "checkout-7", "process.command_args": args},
		},
		{
			name:     "it knows the environment",
			provider: resource.NewSchemaless(attribute.Int("n", 1)), env: "team=blue",
			resource: map[string]any{"service.name": "shop", "team": "blue"},
			record:   map[string]any{},
		},
		{
			name:  "what it knows is not",
			given: shop(), provider: shop(),
			resource: map[string]any{
				"service.name": "checkout", "k8s.pod.name": "checkout-7", "process.command_args": args, "telemetry.sdk.name": "opentelemetry",
			},
			record: map[string]any{},
		},
		{
			name:  "what differs is on the record",
			given: shop(), provider: resource.NewSchemaless(attribute.String("k8s.pod.name", "other"), attribute.String("service.name", "checkout")),
			resource: map[string]any{
				"service.name": "checkout", "k8s.pod.name": "checkout-7", "process.command_args": args, "telemetry.sdk.name": "opentelemetry",
			},
			record: map[string]any{"k8s.pod.name": "other"},
		},
		{
			name:  "an attribute of another type differs",
			given: resource.NewSchemaless(attribute.String("team", "7")), provider: resource.NewSchemaless(attribute.Int("team", 7)),
			resource: map[string]any{"service.name": "shop", "team": "7"},
			record:   map[string]any{"team": int64(7)},
		},
		{
			name:  "the provider adds the environment, and so do we",
			given: shop(), provider: shop(), env: "team=blue,k8s.pod.name=loses",
			resource: map[string]any{
				"service.name": "checkout", "k8s.pod.name": "checkout-7", "process.command_args": args,
				"telemetry.sdk.name": "opentelemetry", "team": "blue",
			},
			record: map[string]any{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", c.env)
			r := &rig{}
			cfg := r.server.config(t)
			var opts []ledgerotel.Option
			if c.given != nil {
				cfg.Resource = ledgerotel.Resource(c.given)
				opts = append(opts, ledgerotel.WithResource(c.given))
			}
			r.client = open(t, cfg)
			provider := []sdklog.LoggerProviderOption{sdklog.WithProcessor(ledgerotel.NewProcessor(r.client, opts...))}
			if c.provider != nil {
				provider = append(provider, sdklog.WithResource(c.provider))
			}
			r.provide(provider...)
			r.say(t.Context(), "one")
			r.say(t.Context(), "two")
			all := r.arrived(t)
			require.Len(t, all, 2)
			for _, got := range all {
				assert.Equal(t, c.resource, asked(got.resource))
				assert.Equal(t, c.record, asked(got.attrs))
			}
		})
	}
}

func TestAResourceForTheConfiguration(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "")
	assert.Empty(t, ledgerotel.Resource(nil))
	assert.Empty(t, ledgerotel.Resource(resource.NewSchemaless(attribute.String("service.name", "unknown_service:test"))),
		"the client may know better")
	assert.Equal(t, []slog.Attr{slog.String("service.name", "shop"), slog.Int64("team", 7)},
		ledgerotel.Resource(resource.NewSchemaless(attribute.Int("team", 7), attribute.String("service.name", "shop"))))
	assert.NotEmpty(t, ledgerotel.Resource(resource.Default()), "telemetry.sdk.*")

	// Schemas that differ do not cost attributes.
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=blue")
	assert.Len(t, ledgerotel.Resource(resource.NewWithAttributes("https://example.test/1", attribute.Int("n", 1))), 2)
}
