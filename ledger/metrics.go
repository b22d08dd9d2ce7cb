package ledger

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// MetricsHandler returns a handler that answers with the client's numbers in the
// Prometheus text format, version 0.0.4. It touches neither the network nor, but for
// the age of the oldest record, the disk. Safe for concurrent use, after Close too.
func (c *Client) MetricsHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = c.WriteMetrics(w) // Whoever asked is gone.
	})
}

// WriteMetrics writes what [Client.MetricsHandler] answers with. The error is that of
// w. Names and labels are stable.
func (c *Client) WriteMetrics(w io.Writer) error {
	s := c.Stats()
	h := c.health(s)
	var m exposition
	c.outcomes.grow(&s)
	m.counters("ledger_records_total", "Records by what became of them.", "outcome",
		sample{"accepted", s.Accepted}, sample{"delivered", s.Delivered}, sample{"dead", s.Dead},
		sample{"evicted", s.Evicted}, sample{"lost", s.Lost})
	m.counters("ledger_calls_total", "Log calls that admitted nothing, since the start of the process.", "outcome",
		sample{"refused", s.Refused}, sample{"dropped", s.Dropped})
	m.gauge("ledger_pending_records", "Records that wait to be delivered.", s.Pending)
	m.gauge("ledger_pending_records_limit", "Records that may wait before the oldest is evicted.", uint64(c.cfg.MaxRecords))
	m.gauge("ledger_pending_bytes", "Bytes of the records that wait, estimated.", uint64(max(0, s.PendingBytes)))
	m.gauge("ledger_pending_bytes_limit", "Bytes that may wait before the oldest record is evicted.", uint64(c.cfg.MaxBytes))
	m.seconds("ledger_oldest_pending_age_seconds", "Age of the oldest record that waits, 0 if none does.", since(s.OldestPending))
	m.gauge("ledger_buffer_records", "Records in memory that are not in the log yet.", uint64(s.BufferedRecords))
	m.gauge("ledger_buffer_bytes", "Bytes of those.", uint64(max(0, s.BufferedBytes)))
	m.gauge("ledger_buffer_size_bytes", "Size of that memory.", uint64(s.BufferSize))
	m.gauge("ledger_buffer_mapped", "1 if the buffer survives the death of the process.", truth(s.BufferMapped))
	m.gauge("ledger_disk_bytes", "Size of the log on disk.", uint64(max(0, s.DiskBytes)))
	m.gauge("ledger_disk_segments", "Segments of the log on disk.", uint64(s.Segments))
	m.counters("ledger_disk_faults_total", "Failed operations of the disk, since the start of the process.", "operation",
		sample{"write", s.Disk.Writes}, sample{"sync", s.Disk.Syncs})
	m.counter("ledger_disk_heals_total", "Times that the log came back after a fault of the disk, since the start of the process.", s.Disk.Heals)
	d := s.Delivery
	m.counter("ledger_requests_total", "Requests sent.", d.Requests)
	m.counters("ledger_request_trouble_total", "Requests by what went wrong, or answers by what they asked for.", "kind",
		sample{"retry", d.Retries}, sample{"failure", d.Failures}, sample{"throttle", d.Throttles},
		sample{"hold", d.Holds}, sample{"ambiguous", d.Ambiguous})
	m.counter("ledger_records_resent_total", "Records that were sent again.", d.Resent)
	m.counter("ledger_request_bytes_total", "Bytes of request bodies as sent.", d.Bytes)
	m.counter("ledger_request_raw_bytes_total", "Bytes of request bodies before compression.", d.RawBytes)
	m.gauge("ledger_requests_in_flight", "Requests under way.", uint64(d.InFlight))
	m.seconds("ledger_last_success_age_seconds", "Time since a server last took a batch, 0 if none did since the start of the process.", since(h.Delivery.LastSuccess))
	m.gauges("ledger_health", "1 for the status that holds.", "status",
		sample{string(StatusOK), truth(h.Status == StatusOK)}, sample{string(StatusDegraded), truth(h.Status == StatusDegraded)},
		sample{string(StatusFailing), truth(h.Status == StatusFailing)})
	_, err := w.Write(m.Bytes())
	return err
}

// outcomes keep the counters of records from shrinking, which Prometheus would take
// for a restart. Stats says why some of them can.
type outcomes struct {
	mu                                       sync.Mutex
	accepted, delivered, evicted, lost, dead uint64
}

func (o *outcomes) grow(s *Stats) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range []struct{ most, now *uint64 }{
		{&o.accepted, &s.Accepted}, {&o.delivered, &s.Delivered}, {&o.evicted, &s.Evicted}, {&o.lost, &s.Lost}, {&o.dead, &s.Dead},
	} {
		*c.most = max(*c.most, *c.now)
		*c.now = *c.most
	}
}

// sample is a value of a metric with one label.
type sample struct {
	label string
	value uint64
}

// exposition is a page of metrics.
type exposition struct{ bytes.Buffer }

func (m *exposition) head(name, kind, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (m *exposition) counter(name, help string, v uint64) {
	m.head(name, "counter", help)
	fmt.Fprintf(m, "%s %d\n", name, v)
}

func (m *exposition) gauge(name, help string, v uint64) {
	m.head(name, "gauge", help)
	fmt.Fprintf(m, "%s %d\n", name, v)
}

func (m *exposition) seconds(name, help string, d time.Duration) {
	m.head(name, "gauge", help)
	fmt.Fprintf(m, "%s %s\n", name, strconv.FormatFloat(d.Seconds(), 'f', 3, 64))
}

func (m *exposition) counters(name, help, label string, samples ...sample) {
	m.labelled(name, "counter", help, label, samples)
}

func (m *exposition) gauges(name, help, label string, samples ...sample) {
	m.labelled(name, "gauge", help, label, samples)
}

func (m *exposition) labelled(name, kind, help, label string, samples []sample) {
	m.head(name, kind, help)
	for _, s := range samples {
		fmt.Fprintf(m, "%s{%s=%q} %d\n", name, label, s.label, s.value)
	}
}

// since returns how long ago t was, 0 if it is zero or to come.
func since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return max(0, time.Since(t))
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
