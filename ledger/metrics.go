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
	c.outcomes.grow(s.Destinations)
	var m exposition
	m.destinations(s.Destinations)
	m.counters("ledger_calls_total", "Log calls that admitted nothing, since the start of the process.", "reason",
		sample{ReasonClosed, s.Reasons[ReasonClosed]}, sample{ReasonInvalid, s.Reasons[ReasonInvalid]}, sample{ReasonBeforeSend, s.Dropped})
	m.gauge("ledger_pending_records_limit", "Records that may wait for a destination before the oldest is evicted.", uint64(c.cfg.MaxRecords))
	m.gauge("ledger_pending_bytes_limit", "Bytes that may wait for a destination before the oldest record is evicted.", uint64(c.cfg.MaxBytes))
	m.seconds("ledger_pending_records_limit_eta_seconds", "Time until the limit is reached at the rate of the last minute, 0 if it gets no nearer.", s.TimeToCap)
	m.counter("ledger_dead_letters_dropped_total", "Dead letters that went because of the limits on them.", s.DeadDropped)
	m.gauge("ledger_buffer_records", "Records in memory that are not in the log yet.", uint64(s.BufferedRecords))
	m.gauge("ledger_buffer_bytes", "Bytes of those.", uint64(max(0, s.BufferedBytes)))
	m.gauge("ledger_buffer_size_bytes", "Size of that memory.", uint64(s.BufferSize))
	m.gauge("ledger_buffer_mapped", "1 if the buffer survives the death of the process.", truth(s.BufferMapped))
	m.gauges("ledger_durability", "1 for when records become safe from a power cut.", "sync",
		sample{"interval", truth(s.Durability == SyncInterval)}, sample{"always", truth(s.Durability == SyncAlways)},
		sample{"never", truth(s.Durability == SyncNever)})
	m.gauge("ledger_disk_bytes", "Size of the log on disk.", uint64(max(0, s.DiskBytes)))
	m.gauge("ledger_disk_segments", "Segments of the log on disk.", uint64(s.Segments))
	m.counters("ledger_disk_faults_total", "Failed operations of the disk, since the start of the process.", "operation",
		sample{"write", s.Disk.Writes}, sample{"sync", s.Disk.Syncs})
	m.counter("ledger_disk_heals_total", "Times that the log came back after a fault of the disk, since the start of the process.", s.Disk.Heals)
	m.head("ledger_last_success_age_seconds", "gauge", "Time since a server last took a batch, 0 if none did since the start of the process.")
	for _, ln := range c.ways() {
		if ln.sender != nil {
			m.second("ledger_last_success_age_seconds", label("destination", ln.name), since(ln.sender.Health().LastSuccess))
		}
	}
	m.gauges("ledger_health", "1 for the status that holds.", "status",
		sample{string(StatusOK), truth(h.Status == StatusOK)}, sample{string(StatusDegraded), truth(h.Status == StatusDegraded)},
		sample{string(StatusFailing), truth(h.Status == StatusFailing)})
	_, err := w.Write(m.Bytes())
	return err
}

// destinations writes the families that have a value for each destination.
func (m *exposition) destinations(all []DestinationStats) {
	counters := func(name, help, by string, of func(*Books) []sample) {
		m.head(name, "counter", help)
		for i := range all {
			for _, s := range of(&all[i].Books) {
				labels := label("destination", all[i].Name)
				if by != "" {
					labels += "," + label(by, s.label)
				}
				fmt.Fprintf(m, "%s{%s} %d\n", name, labels, s.value)
			}
		}
	}
	gauge := func(name, help string, of func(*Books) uint64) {
		m.head(name, "gauge", help)
		for i := range all {
			fmt.Fprintf(m, "%s{%s} %d\n", name, label("destination", all[i].Name), of(&all[i].Books))
		}
	}
	reasons := func(names ...string) func(*Books) []sample {
		return func(b *Books) (out []sample) {
			for _, name := range names {
				out = append(out, sample{name, b.Reasons[name]})
			}
			return out
		}
	}
	one := func(of func(*Books) uint64) func(*Books) []sample {
		return func(b *Books) []sample { return []sample{{"", of(b)}} }
	}
	counters("ledger_records_total", "Records by what became of them.", "outcome", func(b *Books) []sample {
		return []sample{{"accepted", b.Accepted}, {"delivered", b.Delivered}, {"dead", b.Dead}, {"evicted", b.Evicted}, {"lost", b.Lost}}
	})
	counters("ledger_records_given_up_total", "Records that were evicted or lost, by why.", "reason",
		reasons(ReasonQueueFull, ReasonMaxAge, ReasonDiskError, ReasonCorrupt))
	counters("ledger_dead_letters_total", "Records that became dead letters, by why.", "reason",
		reasons(ReasonRejected, ReasonTooLarge, ReasonPartial, ReasonQuota))
	counters("ledger_dead_letters_redriven_total", "Dead letters that a server has taken since.", "",
		one(func(b *Books) uint64 { return b.Delivery.Redriven }))
	gauge("ledger_pending_records", "Records that wait to be delivered.", func(b *Books) uint64 { return b.Pending })
	gauge("ledger_pending_bytes", "Bytes of the records that wait, estimated.", func(b *Books) uint64 { return uint64(max(0, b.PendingBytes)) })
	m.head("ledger_oldest_pending_age_seconds", "gauge", "Age of the oldest record that waits, 0 if none does.")
	for i := range all {
		m.second("ledger_oldest_pending_age_seconds", label("destination", all[i].Name), since(all[i].OldestPending))
	}
	counters("ledger_requests_total", "Requests sent.", "", one(func(b *Books) uint64 { return b.Delivery.Requests }))
	counters("ledger_request_trouble_total", "Requests by what went wrong, or answers by what they asked for.", "kind", func(b *Books) []sample {
		d := b.Delivery
		return []sample{{"retry", d.Retries}, {"failure", d.Failures}, {"throttle", d.Throttles}, {"hold", d.Holds}, {"ambiguous", d.Ambiguous}, {"split", d.Splits}}
	})
	counters("ledger_records_resent_total", "Records that were sent again.", "", one(func(b *Books) uint64 { return b.Delivery.Resent }))
	counters("ledger_records_ambiguous_total", "Records of requests that were sent and got no answer: at most so many duplicates.", "",
		one(func(b *Books) uint64 { return b.Delivery.AmbiguousRecords }))
	counters("ledger_request_bytes_total", "Bytes of request bodies as sent.", "", one(func(b *Books) uint64 { return b.Delivery.Bytes }))
	counters("ledger_request_raw_bytes_total", "Bytes of request bodies before compression.", "", one(func(b *Books) uint64 { return b.Delivery.RawBytes }))
	gauge("ledger_requests_in_flight", "Requests under way.", func(b *Books) uint64 { return uint64(b.Delivery.InFlight) })
}

// label is one label of a sample. A value of ours needs no escape that %q has and the
// format has not: names of destinations are of a small alphabet.
func label(name, value string) string { return fmt.Sprintf("%s=%q", name, value) }

// outcomes keep the counters of records from shrinking, which Prometheus would take
// for a restart. Stats says why some of them can.
type outcomes struct {
	mu   sync.Mutex
	most map[string]Books
}

func (o *outcomes) grow(all []DestinationStats) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.most == nil {
		o.most = map[string]Books{}
	}
	for i := range all {
		now, most := &all[i].Books, o.most[all[i].Name]
		for _, c := range []struct{ most, now *uint64 }{
			{&most.Accepted, &now.Accepted},
			{&most.Delivered, &now.Delivered},
			{&most.Evicted, &now.Evicted},
			{&most.Lost, &now.Lost},
			{&most.Dead, &now.Dead},
		} {
			*c.most = max(*c.most, *c.now)
			*c.now = *c.most
		}
		reasons := most.Reasons
		if reasons == nil {
			reasons = map[string]uint64{}
		}
		for name, n := range now.Reasons {
			reasons[name] = max(reasons[name], n)
			now.Reasons[name] = reasons[name]
		}
		most.Reasons = reasons
		o.most[all[i].Name] = most
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

func (m *exposition) second(name, labels string, d time.Duration) {
	fmt.Fprintf(m, "%s{%s} %s\n", name, labels, strconv.FormatFloat(d.Seconds(), 'f', 3, 64))
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
