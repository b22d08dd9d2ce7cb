package ledgerotel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// scopeName is the instrumentation scope of the metrics.
const scopeName = "github.com/ledger-sdk/ledger-go/otel"

// RegisterMetrics shows the numbers of c, those of its Stats and Health, as instruments
// of a meter of provider. The names are those of OpenTelemetry's conventions for the
// SDK's own metrics where there is one, otel.sdk.processor.log.* and
// otel.sdk.exporter.log.*, and ledger.* for the rest; the README has the list. They are
// read when metrics are collected, and cost nothing else.
//
// attrs are put on every measurement. Clients of one process need them to be told apart.
//
// The caller unregisters what is returned when the client is closed, or leaves it: the
// numbers then stay what they were.
func RegisterMetrics(c *ledger.Client, provider metric.MeterProvider, attrs ...attribute.KeyValue) (metric.Registration, error) {
	if c == nil || provider == nil {
		return nil, errors.New("ledgerotel: metrics need a client and a provider")
	}
	w := &watcher{attrs: attrs, most: map[string]int64{}, read: func() *snapshot {
		return &snapshot{stats: c.Stats(), health: c.Health(), now: time.Now()}
	}}
	meter := provider.Meter(scopeName, metric.WithInstrumentationVersion(ledger.Version))
	var all []metric.Observable
	for _, f := range families() {
		i, err := f.instrument(meter)
		if err != nil {
			return nil, err
		}
		w.watched = append(w.watched, watched{f, i})
		all = append(all, i)
	}
	return meter.RegisterCallback(w.observe, all...)
}

// snapshot is what the points of one collection are read from.
type snapshot struct {
	stats  ledger.Stats
	health ledger.Health
	now    time.Time
}

// point is one measurement.
type point struct {
	destination string // "" if it is about the client as a whole
	of          string // the value of the family's label, "" if it has none
	n           int64
	seconds     float64 // instead of n, if that is the unit
}

type kind int

const (
	counter kind = iota
	level        // goes up and down, and can be summed
	gauge        // cannot be summed
	age          // a gauge in seconds
)

// family is an instrument with the points that it has.
type family struct {
	name, unit, help string
	kind             kind
	label            attribute.Key
	points           func(*snapshot) []point
}

func (f family) instrument(m metric.Meter) (metric.Observable, error) {
	unit, help := metric.WithUnit(f.unit), metric.WithDescription(f.help)
	switch f.kind {
	case counter:
		return m.Int64ObservableCounter(f.name, unit, help)
	case level:
		return m.Int64ObservableUpDownCounter(f.name, unit, help)
	case age:
		return m.Float64ObservableGauge(f.name, unit, help)
	default:
		return m.Int64ObservableGauge(f.name, unit, help)
	}
}

type watched struct {
	family
	instrument metric.Observable
}

// watcher observes the instruments of one client. Several readers may collect at once.
type watcher struct {
	read    func() *snapshot
	attrs   []attribute.KeyValue
	watched []watched

	mu sync.Mutex
	// most keeps counters from shrinking, which a backend would take for a restart. Stats
	// says why some of them can.
	most map[string]int64
}

func (w *watcher) observe(_ context.Context, o metric.Observer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.read()
	for _, f := range w.watched {
		for _, p := range f.points(s) {
			attrs := metric.WithAttributes(w.attributes(f.family, p)...)
			switch i := f.instrument.(type) {
			case metric.Float64Observable:
				o.ObserveFloat64(i, p.seconds, attrs)
			case metric.Int64Observable:
				if f.kind == counter {
					key := f.name + "\x00" + p.destination + "\x00" + p.of
					p.n = max(p.n, w.most[key])
					w.most[key] = p.n
				}
				o.ObserveInt64(i, p.n, attrs)
			}
		}
	}
	return nil
}

// attributes returns those of one measurement.
func (w *watcher) attributes(f family, p point) []attribute.KeyValue {
	attrs := slices.Clone(w.attrs)
	if p.destination != "" {
		attrs = append(attrs, attribute.String("ledger.destination", p.destination))
		if strings.HasPrefix(f.name, "otel.sdk.") {
			attrs = append(attrs, attribute.String("otel.component.type", "ledger"),
				attribute.String("otel.component.name", "ledger/"+p.destination))
		}
	}
	if p.of != "" {
		attrs = append(attrs, f.label.String(p.of))
	}
	return attrs
}
