package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

// ready is the line by which a child tells that it serves.
const ready = "collector ready"

// collectorConfig has no queue and no batching: the receiver answers when the
// exporter has written the records to its file. A limit of 0 is the Collector's own.
const collectorConfig = `yaml:
receivers: {otlp: {protocols: {http: {endpoint: "%s", max_request_body_size: %s}}}}
exporters: {journal: {}}
service:
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  pipelines: {logs: {receivers: [otlp], exporters: [journal]}}
`

// runCollector is the Collector's process. It appends what it gets to a file, and
// answers the first of its requests with a failure although it has their records. limit
// is the most bytes that a request may have.
func runCollector(addr, file, failures, limit string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	// A process that was killed while it wrote leaves half a line. It had not
	// answered for those records.
	if _, err := f.WriteString("\n"); err != nil {
		return err
	}
	n, err := strconv.Atoi(failures)
	if err != nil {
		return err
	}
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "e2e", Version: "0"},
		Factories: func() (otelcol.Factories, error) { return factories(&journal{file: f, failures: n}) },
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs:              []string{fmt.Sprintf(collectorConfig, addr, limit)},
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
			DefaultScheme:     "yaml",
		}},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go announce(ctx, collector)
	return collector.Run(ctx) // until SIGTERM
}

// announce says when the Collector serves.
func announce(ctx context.Context, c *otelcol.Collector) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for c.GetState() != otelcol.StateRunning {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
	fmt.Println(ready)
}

func factories(j *journal) (otelcol.Factories, error) {
	receivers, err := otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
	if err != nil {
		return otelcol.Factories{}, err
	}
	exporters, err := otelcol.MakeFactoryMap[exporter.Factory](exporter.NewFactory(
		component.MustNewType("journal"),
		func() component.Config { return &struct{}{} },
		exporter.WithLogs(func(context.Context, exporter.Settings, component.Config) (exporter.Logs, error) {
			return j, nil
		}, component.StabilityLevelDevelopment),
	))
	return otelcol.Factories{
		Receivers: receivers, Exporters: exporters, Telemetry: otelconftelemetry.NewFactory(),
	}, err
}

// received is a record as the Collector got it: one line of the journal.
type received struct {
	ID        string         `json:"id"`  // log.record.uid
	RequestID string         `json:"rid"` // request.id
	Time      int64          `json:"time"`
	Body      string         `json:"body"`
	Version   string         `json:"version"` // service.version of its resource
	Attrs     map[string]any `json:"attrs"`
}

// journal is the exporter.
type journal struct {
	component.StartFunc
	component.ShutdownFunc

	mu       sync.Mutex
	file     *os.File
	failures int
}

// Capabilities says that records are only read.
func (j *journal) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeLogs writes one line per record.
func (j *journal) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, rl := range logs.ResourceLogs().All() {
		version := text(rl.Resource().Attributes(), "service.version")
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				err := enc.Encode(received{
					ID: text(r.Attributes(), "log.record.uid"), RequestID: text(r.Attributes(), "request.id"),
					Time: r.Timestamp().AsTime().UnixNano(), Body: r.Body().AsString(),
					Version: version, Attrs: r.Attributes().AsRaw(),
				})
				if err != nil {
					return err
				}
			}
		}
	}
	if _, err := j.file.Write(lines.Bytes()); err != nil {
		return err
	}
	if j.failures > 0 {
		j.failures--
		return errors.New("the answer is lost") // the receiver makes it a 503
	}
	return nil
}

func text(m pcommon.Map, key string) string {
	if v, ok := m.Get(key); ok {
		return v.AsString()
	}
	return ""
}
