package ledgerotel

import (
	"log/slog"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Resource returns what a provider with sdklog.WithResource(res) says about its process,
// for Config.Resource of a client: the attributes of res, and those of the environment,
// OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, that it does not have. A service.name
// that only says that it is unknown is left to the client, which may know it.
func Resource(res *resource.Resource) []slog.Attr {
	var attrs []slog.Attr
	for _, kv := range provided(res).Attributes() {
		if !isUnknownService(kv) {
			attrs = append(attrs, attrOf(kv))
		}
	}
	return attrs
}

// provided is what the provider makes of a resource. The error of Merge says that two
// schemas differ; what it returns has the attributes of both all the same.
func provided(res *resource.Resource) *resource.Resource {
	merged, _ := resource.Merge(resource.Environment(), res)
	return merged
}

func isUnknownService(kv attribute.KeyValue) bool {
	return kv.Key == "service.name" && strings.HasPrefix(kv.Value.AsString(), "unknown_service")
}

// resources know what the resource of a record says beyond the client's.
type resources struct {
	client *resource.Resource // as far as it is known: every client reads the environment
	last   atomic.Pointer[extra]
}

// extra is remembered: a provider has one resource, for all of its records.
type extra struct {
	of    *resource.Resource
	attrs []slog.Attr
}

// beyond returns the attributes of res that the client's resource has not, or not with
// the same value. They are shared: the caller must not change them.
func (r *resources) beyond(res *resource.Resource) []slog.Attr {
	if last := r.last.Load(); last != nil && last.of == res {
		return last.attrs
	}
	next := &extra{of: res}
	for _, kv := range res.Attributes() {
		known, ok := r.client.Set().Value(kv.Key)
		same := ok && known.Type() == kv.Value.Type() && known.String() == kv.Value.String()
		if !same && !isUnknownService(kv) && !strings.HasPrefix(string(kv.Key), "telemetry.sdk.") {
			next.attrs = append(next.attrs, attrOf(kv))
		}
	}
	r.last.Store(next)
	return next.attrs
}
