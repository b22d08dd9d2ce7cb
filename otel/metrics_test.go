package ledgerotel_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

// collected maps "name{attributes}" to values, as one collection gives them.
func collected(t *testing.T, reader sdkmetric.Reader) map[string]float64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &data))
	out := map[string]float64{}
	add := func(name string, set attribute.Set, v float64) {
		key := name + "{" + set.Encoded(attribute.DefaultEncoder()) + "}"
		require.NotContains(t, out, key)
		out[key] = v
	}
	for _, scope := range data.ScopeMetrics {
		assert.Equal(t, ledger.Version, scope.Scope.Version)
		for _, m := range scope.Metrics {
			assert.NotEmpty(t, m.Description, m.Name)
			assert.NotEmpty(t, m.Unit, m.Name)
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range d.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range d.DataPoints {
					add(m.Name, p.Attributes, p.Value)
				}
			default:
				t.Errorf("%s is %T", m.Name, d)
			}
		}
	}
	return out
}

func (r *rig) register(t *testing.T, attrs ...attribute.KeyValue) *sdkmetric.ManualReader {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	reg, err := ledgerotel.RegisterMetrics(r.client, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), attrs...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reg.Unregister()) })
	return reader
}

const (
	atDefault = "ledger.destination=default"
	component = atDefault + ",otel.component.name=ledger/default,otel.component.type=ledger"
)

func TestMetricsFollowTheBooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		reader := r.register(t)
		r.server.set(true)
		for i := range 7 {
			r.say(t.Context(), "%d", i)
		}
		time.Sleep(time.Minute)
		got := collected(t, reader)
		s := r.client.Stats()
		for key, want := range map[string]float64{
			"otel.sdk.processor.log.queue.size{" + component + "}":                    7,
			"otel.sdk.processor.log.processed{" + component + "}":                     0,
			"otel.sdk.exporter.log.exported{" + component + "}":                       0,
			"ledger.records.accepted{" + atDefault + "}":                              7,
			"ledger.records.resent{" + atDefault + "}":                                float64(s.Delivery.Resent),
			"ledger.requests{" + atDefault + "}":                                      float64(s.Delivery.Requests),
			"ledger.requests.trouble{ledger.destination=default,ledger.kind=failure}": float64(s.Delivery.Failures),
			"ledger.requests.active{" + atDefault + "}":                               0,
			"ledger.queue.bytes{" + atDefault + "}":                                   float64(s.PendingBytes),
			"ledger.queue.oldest.age{" + atDefault + "}":                              time.Since(s.OldestPending).Seconds(),
			"ledger.health{ledger.status=degraded}":                                   1,
			"ledger.health{ledger.status=ok}":                                         0,
			"ledger.buffer.mapped{}":                                                  1,
			"ledger.buffer.limit{}":                                                   float64(s.BufferSize),
			"ledger.disk.usage{}":                                                     float64(s.DiskBytes),
			"ledger.disk.segments{}":                                                  float64(s.Segments),
		} {
			assert.Contains(t, got, key)
			assert.Equal(t, want, got[key], key)
		}
		assert.Positive(t, s.Delivery.Failures)
		assert.Positive(t, s.Delivery.Resent)
		assert.NotContains(t, got, "ledger.delivery.last_success.age{"+atDefault+"}")

		r.server.set(false)
		require.Len(t, r.arrived(t), 7)
		require.NoError(t, r.client.Close())
		require.Error(t, r.client.Log(t.Context(), ledger.Record{Message: "too late"}))
		got = collected(t, reader)
		s = r.client.Stats()
		for key, want := range map[string]float64{
			"otel.sdk.processor.log.queue.size{" + component + "}": 0,
			"otel.sdk.processor.log.processed{" + component + "}":  7,
			"otel.sdk.exporter.log.exported{" + component + "}":    7,
			"ledger.requests.bytes{" + atDefault + "}":             float64(s.Delivery.Bytes),
			"ledger.requests.raw_bytes{" + atDefault + "}":         float64(s.Delivery.RawBytes),
			"ledger.delivery.last_success.age{" + atDefault + "}":  0,
			"ledger.calls.refused{ledger.reason=closed}":           1,
			"ledger.calls.refused{ledger.reason=before_send}":      0,
			"ledger.health{ledger.status=failing}":                 1,
		} {
			assert.Contains(t, got, key)
			assert.Equal(t, want, got[key], key)
		}
		assert.Positive(t, s.Delivery.Bytes)
	})
}

func TestRecordsThatAreGivenUpAreMeasured(t *testing.T) {
	r := &rig{}
	cfg := r.server.config(t)
	cfg.MaxRecords = 5
	r.client = open(t, cfg)
	reader := r.register(t, attribute.String("queue", "audit"))
	r.server.set(true)
	for range 8 {
		require.NoError(t, r.client.Log(t.Context(), ledger.Record{Message: "hello"}))
	}
	require.NoError(t, r.client.Sync(within(t)))
	evicted := r.client.Stats().Evicted
	assert.Positive(t, evicted)
	got := collected(t, reader)
	assert.Equal(t, float64(evicted), got["otel.sdk.processor.log.processed{error.type=queue_full,"+component+",queue=audit}"])
	assert.Equal(t, float64(8-evicted), got["otel.sdk.processor.log.queue.size{"+component+",queue=audit}"])
	assert.Contains(t, got, "otel.sdk.exporter.log.exported{error.type=rejected,"+component+",queue=audit}")
	assert.Contains(t, got, "ledger.disk.usage{queue=audit}")
}

func TestEveryDestinationIsMeasured(t *testing.T) {
	r := &rig{}
	var archive server
	cfg := r.server.config(t)
	cfg.Destinations = []ledger.Destination{{Name: "archive", Endpoint: "http://archive.test", HTTPClient: archive.config(t).HTTPClient}}
	r.client = open(t, cfg)
	archive.set(true)
	reader := r.register(t)
	require.NoError(t, r.client.Log(t.Context(), ledger.Record{Message: "hello"}))
	require.Eventually(t, func() bool {
		_ = r.client.Flush(shortly(t))
		return r.client.Stats().Delivered == 1
	}, 20*time.Second, time.Millisecond)
	got := collected(t, reader)
	size := func(name string) string {
		return fmt.Sprintf("otel.sdk.processor.log.queue.size{ledger.destination=%s,otel.component.name=ledger/%s,otel.component.type=ledger}", name, name)
	}
	assert.Zero(t, got[size("default")])
	assert.Equal(t, 1.0, got[size("archive")])
	assert.Contains(t, got, "ledger.delivery.last_success.age{"+atDefault+"}")
	assert.NotContains(t, got, "ledger.delivery.last_success.age{ledger.destination=archive}")
}

// What the page for Prometheus shows, instruments show, but for what does not change while
// a process runs and is not in Stats.
func TestInstrumentsAreComplete(t *testing.T) {
	of := map[string]string{
		"ledger_records_total":                     "ledger.records.accepted",
		"ledger_records_given_up_total":            "otel.sdk.processor.log.processed",
		"ledger_dead_letters_total":                "otel.sdk.exporter.log.exported",
		"ledger_dead_letters_redriven_total":       "ledger.dead_letters.redriven",
		"ledger_dead_letters_dropped_total":        "ledger.dead_letters.dropped",
		"ledger_pending_records":                   "otel.sdk.processor.log.queue.size",
		"ledger_pending_bytes":                     "ledger.queue.bytes",
		"ledger_pending_records_limit":             "",
		"ledger_pending_bytes_limit":               "",
		"ledger_pending_records_limit_eta_seconds": "ledger.queue.time_to_limit",
		"ledger_oldest_pending_age_seconds":        "ledger.queue.oldest.age",
		"ledger_requests_total":                    "ledger.requests",
		"ledger_request_trouble_total":             "ledger.requests.trouble",
		"ledger_records_resent_total":              "ledger.records.resent",
		"ledger_records_ambiguous_total":           "ledger.records.ambiguous",
		"ledger_request_bytes_total":               "ledger.requests.bytes",
		"ledger_request_raw_bytes_total":           "ledger.requests.raw_bytes",
		"ledger_requests_in_flight":                "ledger.requests.active",
		"ledger_calls_total":                       "ledger.calls.refused",
		"ledger_buffer_records":                    "ledger.buffer.records",
		"ledger_buffer_bytes":                      "ledger.buffer.usage",
		"ledger_buffer_size_bytes":                 "ledger.buffer.limit",
		"ledger_buffer_mapped":                     "ledger.buffer.mapped",
		"ledger_durability":                        "",
		"ledger_disk_bytes":                        "ledger.disk.usage",
		"ledger_disk_segments":                     "ledger.disk.segments",
		"ledger_disk_faults_total":                 "ledger.disk.faults",
		"ledger_disk_heals_total":                  "ledger.disk.heals",
		"ledger_last_success_age_seconds":          "ledger.delivery.last_success.age",
		"ledger_health":                            "ledger.health",
	}
	r := newRig(t)
	reader := r.register(t)
	r.say(t.Context(), "hello")
	r.arrived(t)
	names := map[string]bool{}
	for key := range collected(t, reader) {
		name, _, _ := strings.Cut(key, "{")
		assert.Regexp(t, `^(ledger|otel\.sdk)(\.[a-z][a-z_]*)+$`, name)
		names[name] = true
	}
	var page strings.Builder
	require.NoError(t, r.client.WriteMetrics(&page))
	for line := range strings.SplitSeq(page.String(), "\n") {
		rest, ok := strings.CutPrefix(line, "# TYPE ")
		if !ok {
			continue
		}
		family, _, _ := strings.Cut(rest, " ")
		name, known := of[family]
		assert.True(t, known, "%s has no instrument", family)
		assert.True(t, name == "" || names[name], "%s", name)
		delete(of, family)
	}
	assert.Empty(t, of, "gone from the page")
}

func TestMetricsNeedAClientAndAProvider(t *testing.T) {
	_, err := ledgerotel.RegisterMetrics(nil, noop.NewMeterProvider())
	require.Error(t, err)
	r := newRig(t)
	_, err = ledgerotel.RegisterMetrics(r.client, nil)
	require.Error(t, err)
}

func TestMetricsEndWhenTheyAreUnregistered(t *testing.T) {
	r := newRig(t)
	reader := sdkmetric.NewManualReader()
	reg, err := ledgerotel.RegisterMetrics(r.client, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	require.NoError(t, err)
	require.NotEmpty(t, collected(t, reader))
	require.NoError(t, reg.Unregister())
	assert.Empty(t, collected(t, reader))
}
