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
	m.counter("ledger_calls_total", "Log calls that admitted nothing, since the start of the process.", labelled("", "reason",
		value{ReasonClosed, s.Reasons[ReasonClosed]}, value{ReasonInvalid, s.Reasons[ReasonInvalid]}, value{ReasonBeforeSend, s.Dropped})...)
	m.gauge("ledger_pending_records_limit", "Records that may wait for a destination before the oldest is evicted.", plain(uint64(c.cfg.MaxRecords)))
	m.gauge("ledger_pending_bytes_limit", "Bytes that may wait for a destination before the oldest record is evicted.", plain(uint64(c.cfg.MaxBytes)))
	m.gauge("ledger_pending_records_limit_eta_seconds", "Time until the limit is reached at the rate of the last minute, 0 if it gets no nearer.", seconds("", s.TimeToCap))
	m.counter("ledger_dead_letters_dropped_total", "Dead letters that went because of the limits on them.", plain(s.DeadDropped))
	m.gauge("ledger_buffer_records", "Records in memory that are not in the log yet.", plain(uint64(s.BufferedRecords)))
	m.gauge("ledger_buffer_bytes", "Bytes of those.", plain(uint64(max(0, s.BufferedBytes))))
	m.gauge("ledger_buffer_size_bytes", "Size of that memory.", plain(uint64(s.BufferSize)))
	m.gauge("ledger_buffer_mapped", "1 if the buffer survives the death of the process.", plain(truth(s.BufferMapped)))
	m.gauge("ledger_durability", "1 for when records become safe from a power cut.", labelled("", "sync",
		value{"interval", truth(s.Durability == SyncInterval)}, value{"always", truth(s.Durability == SyncAlways)},
		value{"never", truth(s.Durability == SyncNever)})...)
	m.gauge("ledger_disk_bytes", "Size of the log on disk.", plain(uint64(max(0, s.DiskBytes))))
	m.gauge("ledger_disk_segments", "Segments of the log on disk.", plain(uint64(s.Segments)))
	m.counter("ledger_disk_faults_total", "Failed operations of the disk, since the start of the process.", labelled("", "operation",
		value{"write", s.Disk.Writes}, value{"sync", s.Disk.Syncs})...)
	m.counter("ledger_disk_heals_total", "Times that the log came back after a fault of the disk, since the start of the process.", plain(s.Disk.Heals))
	var ages []sample
	for _, ln := range c.ways() {
		if ln.sender != nil {
			ages = append(ages, seconds(label("destination", ln.name), since(ln.sender.Health().LastSuccess)))
		}
	}
	m.gauge("ledger_last_success_age_seconds", "Time since a server last took a batch, 0 if none did since the start of the process.", ages...)
	m.gauge("ledger_health", "1 for the status that holds.", labelled("", "status",
		value{string(StatusOK), truth(h.Status == StatusOK)}, value{string(StatusDegraded), truth(h.Status == StatusDegraded)},
		value{string(StatusFailing), truth(h.Status == StatusFailing)})...)
	_, err := w.Write(m.Bytes())
	return err
}

// destinations writes the families that have a value for each destination.
func (m *exposition) destinations(all []DestinationStats) {
	each := func(of func(self string, d *DestinationStats) []sample) (out []sample) {
		for i := range all {
			out = append(out, of(label("destination", all[i].Name), &all[i])...)
		}
		return out
	}
	by := func(name string, of func(*Books) []value) []sample {
		return each(func(self string, d *DestinationStats) []sample { return labelled(self, name, of(&d.Books)...) })
	}
	one := func(of func(*Books) uint64) []sample {
		return each(func(self string, d *DestinationStats) []sample { return []sample{count(self, of(&d.Books))} })
	}
	reasons := func(names ...string) []sample {
		return by("reason", func(b *Books) (out []value) {
			for _, name := range names {
				out = append(out, value{name, b.Reasons[name]})
			}
			return out
		})
	}
	m.counter("ledger_records_total", "Records by what became of them.", by("outcome", func(b *Books) []value {
		return []value{{"accepted", b.Accepted}, {"delivered", b.Delivered}, {"dead", b.Dead}, {"evicted", b.Evicted}, {"lost", b.Lost}}
	})...)
	m.counter("ledger_records_given_up_total", "Records that were evicted or lost, by why.",
		reasons(ReasonQueueFull, ReasonMaxAge, ReasonDiskError, ReasonCorrupt)...)
	m.counter("ledger_dead_letters_total", "Records that became dead letters, by why.",
		reasons(ReasonRejected, ReasonTooLarge, ReasonPartial, ReasonQuota)...)
	m.counter("ledger_dead_letters_redriven_total", "Dead letters that a server has taken since.",
		one(func(b *Books) uint64 { return b.Delivery.Redriven })...)
	m.gauge("ledger_pending_records", "Records that wait to be delivered.", one(func(b *Books) uint64 { return b.Pending })...)
	m.gauge("ledger_pending_bytes", "Bytes of the records that wait, estimated.",
		one(func(b *Books) uint64 { return uint64(max(0, b.PendingBytes)) })...)
	m.gauge("ledger_oldest_pending_age_seconds", "Age of the oldest record that waits, 0 if none does.",
		each(func(self string, d *DestinationStats) []sample {
			return []sample{seconds(self, since(d.OldestPending))}
		})...)
	m.counter("ledger_requests_total", "Requests sent.", one(func(b *Books) uint64 { return b.Delivery.Requests })...)
	m.counter("ledger_request_trouble_total", "Requests by what went wrong, or answers by what they asked for.", by("kind", func(b *Books) []value {
		d := b.Delivery
		return []value{{"retry", d.Retries}, {"failure", d.Failures}, {"throttle", d.Throttles}, {"hold", d.Holds}, {"ambiguous", d.Ambiguous}, {"split", d.Splits}}
	})...)
	m.counter("ledger_records_resent_total", "Records that were sent again.", one(func(b *Books) uint64 { return b.Delivery.Resent })...)
	m.counter("ledger_records_ambiguous_total", "Records of requests that were sent and got no answer: at most so many duplicates.",
		one(func(b *Books) uint64 { return b.Delivery.AmbiguousRecords })...)
	m.counter("ledger_request_bytes_total", "Bytes of request bodies as sent.", one(func(b *Books) uint64 { return b.Delivery.Bytes })...)
	m.counter("ledger_request_raw_bytes_total", "Bytes of request bodies before compression.",
		one(func(b *Books) uint64 { return b.Delivery.RawBytes })...)
	m.gauge("ledger_requests_in_flight", "Requests under way.", one(func(b *Books) uint64 { return uint64(b.Delivery.InFlight) })...)
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

// exposition is a page of metrics.
type exposition struct{ bytes.Buffer }

// sample is a line of a family: its labels, without the braces, and its value.
type sample struct{ labels, value string }

func (m *exposition) counter(name, help string, samples ...sample) {
	m.family(name, "counter", help, samples)
}

func (m *exposition) gauge(name, help string, samples ...sample) {
	m.family(name, "gauge", help, samples)
}

func (m *exposition) family(name, kind, help string, samples []sample) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	for _, s := range samples {
		if s.labels != "" {
			s.labels = "{" + s.labels + "}"
		}
		fmt.Fprintf(m, "%s%s %s\n", name, s.labels, s.value)
	}
}

// plain is the one value of a family without labels.
func plain(n uint64) sample { return count("", n) }

func count(labels string, n uint64) sample { return sample{labels, strconv.FormatUint(n, 10)} }

func seconds(labels string, d time.Duration) sample {
	return sample{labels, strconv.FormatFloat(d.Seconds(), 'f', 3, 64)}
}

// value is one of several that a label tells apart.
type value struct {
	of string
	n  uint64
}

// labelled returns samples that share labels and differ in one more.
func labelled(shared, name string, values ...value) []sample {
	if shared != "" {
		shared += ","
	}
	var out []sample
	for _, v := range values {
		out = append(out, count(shared+label(name, v.of), v.n))
	}
	return out
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
