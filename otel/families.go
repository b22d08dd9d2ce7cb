package ledgerotel

import (
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

const (
	errorType = "error.type"
	record    = "{log_record}"
)

// families are the instruments. Names and labels are stable.
func families() []family {
	return append(recordFamilies(), append(requestFamilies(), storeFamilies()...)...)
}

// recordFamilies say what became of the records.
func recordFamilies() []family {
	return []family{
		{
			"otel.sdk.processor.log.queue.size", record, "Records that wait to be delivered.", level, "",
			each(func(b *ledger.Books) uint64 { return b.Pending }),
		},
		{
			"otel.sdk.processor.log.processed", record, "Records that wait no more, by why if they were given up.", counter, errorType,
			by(func(b *ledger.Books) uint64 { return b.Delivered + b.Dead },
				ledger.ReasonQueueFull, ledger.ReasonMaxAge, ledger.ReasonDiskError, ledger.ReasonCorrupt),
		},
		{
			"otel.sdk.exporter.log.exported", record, "Records that a server took, and those that became dead letters, by why.", counter, errorType,
			by(func(b *ledger.Books) uint64 { return b.Delivered },
				ledger.ReasonRejected, ledger.ReasonTooLarge, ledger.ReasonPartial, ledger.ReasonQuota),
		},
		{
			"ledger.records.accepted", record, "Records that were admitted.", counter, "",
			each(func(b *ledger.Books) uint64 { return b.Accepted }),
		},
		{
			"ledger.records.resent", record, "Records that were sent again.", counter, "",
			each(func(b *ledger.Books) uint64 { return b.Delivery.Resent }),
		},
		{
			"ledger.records.ambiguous", record, "Records of requests that were sent and got no answer: at most so many duplicates.", counter, "",
			each(func(b *ledger.Books) uint64 { return b.Delivery.AmbiguousRecords }),
		},
		{
			"ledger.dead_letters.redriven", record, "Dead letters that a server has taken since.", counter, "",
			each(func(b *ledger.Books) uint64 { return b.Delivery.Redriven }),
		},
		{
			"ledger.dead_letters.dropped", record, "Dead letters that went because of the limits on them.", counter, "",
			one(func(s *ledger.Stats) uint64 { return s.DeadDropped }),
		},
		{
			"ledger.calls.refused", "{call}", "Log calls that admitted nothing, since the start of the process.", counter, "ledger.reason",
			choice(func(s *snapshot) map[string]uint64 {
				return map[string]uint64{
					ledger.ReasonClosed: s.stats.Reasons[ledger.ReasonClosed], ledger.ReasonInvalid: s.stats.Reasons[ledger.ReasonInvalid],
					ledger.ReasonBeforeSend: s.stats.Dropped,
				}
			}),
		},
		{
			"ledger.hook.panics", "{panic}", "Panics of BeforeSend.", counter, "",
			one(func(s *ledger.Stats) uint64 { return s.HookPanics }),
		},
		{
			"ledger.queue.bytes", "By", "Bytes of the records that wait, estimated.", level, "",
			each(func(b *ledger.Books) uint64 { return natural(b.PendingBytes) }),
		},
		{"ledger.queue.oldest.age", "s", "Age of the oldest record that waits, 0 if none does.", age, "", oldest},
		{
			"ledger.queue.time_to_limit", "s", "Time until the limit on records is reached at the rate of the last minute, 0 if it gets no nearer.", age, "",
			func(s *snapshot) []point { return []point{{seconds: s.stats.TimeToCap.Seconds()}} },
		},
	}
}

// requestFamilies say what delivery costs.
func requestFamilies() []family {
	return []family{
		{
			"ledger.requests", "{request}", "Requests sent.", counter, "",
			each(func(b *ledger.Books) uint64 { return b.Delivery.Requests }),
		},
		{
			"ledger.requests.active", "{request}", "Requests under way.", level, "",
			each(func(b *ledger.Books) uint64 { return uint64(b.Delivery.InFlight) }),
		},
		{"ledger.requests.trouble", "{request}", "Requests by what went wrong, or answers by what they asked for.", counter, "ledger.kind", trouble},
		{
			"ledger.requests.bytes", "By", "Bytes of request bodies as sent.", counter, "",
			each(func(b *ledger.Books) uint64 { return b.Delivery.Bytes }),
		},
		{
			"ledger.requests.raw_bytes", "By", "Bytes of request bodies before compression.", counter, "",
			each(func(b *ledger.Books) uint64 { return b.Delivery.RawBytes }),
		},
		{"ledger.delivery.last_success.age", "s", "Time since a server last took a batch; absent until one does.", age, "", lastSuccess},
		{
			"ledger.health", "1", "1 for the status that holds.", gauge, "ledger.status",
			choice(func(s *snapshot) map[string]uint64 {
				all := map[string]uint64{string(ledger.StatusOK): 0, string(ledger.StatusDegraded): 0, string(ledger.StatusFailing): 0}
				all[string(s.health.Status)] = 1
				return all
			}),
		},
	}
}

// storeFamilies are about memory and disk.
func storeFamilies() []family {
	return []family{
		{
			"ledger.buffer.records", record, "Records in memory that are not in the log yet.", level, "",
			one(func(s *ledger.Stats) uint64 { return uint64(s.BufferedRecords) }),
		},
		{
			"ledger.buffer.usage", "By", "Bytes of those.", level, "",
			one(func(s *ledger.Stats) uint64 { return natural(s.BufferedBytes) }),
		},
		{
			"ledger.buffer.limit", "By", "Size of that memory.", level, "",
			one(func(s *ledger.Stats) uint64 { return uint64(s.BufferSize) }),
		},
		{
			"ledger.buffer.mapped", "1", "1 if the buffer survives the death of the process.", gauge, "",
			one(func(s *ledger.Stats) uint64 {
				if s.BufferMapped {
					return 1
				}
				return 0
			}),
		},
		{
			"ledger.disk.usage", "By", "Size of the log on disk.", level, "",
			one(func(s *ledger.Stats) uint64 { return natural(s.DiskBytes) }),
		},
		{
			"ledger.disk.segments", "{segment}", "Segments of the log on disk.", level, "",
			one(func(s *ledger.Stats) uint64 { return uint64(s.Segments) }),
		},
		{
			"ledger.disk.faults", "{fault}", "Failed operations of the disk, since the start of the process.", counter, "ledger.operation",
			choice(func(s *snapshot) map[string]uint64 {
				return map[string]uint64{"write": s.stats.Disk.Writes, "sync": s.stats.Disk.Syncs}
			}),
		},
		{
			"ledger.disk.heals", "{heal}", "Times that the log came back after a fault of the disk, since the start of the process.", counter, "",
			one(func(s *ledger.Stats) uint64 { return s.Disk.Heals }),
		},
	}
}

// one is a family with one point, about the client as a whole.
func one(of func(*ledger.Stats) uint64) func(*snapshot) []point {
	return func(s *snapshot) []point { return []point{{n: int64(of(&s.stats))}} }
}

// choice is a family with a point for each value of its label.
func choice(of func(*snapshot) map[string]uint64) func(*snapshot) []point {
	return func(s *snapshot) (out []point) {
		for name, n := range of(s) {
			out = append(out, point{of: name, n: int64(n)})
		}
		return out
	}
}

// each is a family with a point for each destination.
func each(of func(*ledger.Books) uint64) func(*snapshot) []point { return by(of) }

// by is a family with a point for each destination for what went well, and further ones
// for the reasons why it did not.
func by(well func(*ledger.Books) uint64, reasons ...string) func(*snapshot) []point {
	return func(s *snapshot) (out []point) {
		for i := range s.stats.Destinations {
			d := &s.stats.Destinations[i]
			out = append(out, point{destination: d.Name, n: int64(well(&d.Books))})
			for _, reason := range reasons {
				out = append(out, point{destination: d.Name, of: reason, n: int64(d.Reasons[reason])})
			}
		}
		return out
	}
}

func trouble(s *snapshot) (out []point) {
	for i := range s.stats.Destinations {
		d := &s.stats.Destinations[i]
		for what, n := range map[string]uint64{
			"retry": d.Delivery.Retries, "failure": d.Delivery.Failures, "throttle": d.Delivery.Throttles,
			"hold": d.Delivery.Holds, "ambiguous": d.Delivery.Ambiguous, "split": d.Delivery.Splits,
		} {
			out = append(out, point{destination: d.Name, of: what, n: int64(n)})
		}
	}
	return out
}

func oldest(s *snapshot) (out []point) {
	for i := range s.stats.Destinations {
		d := &s.stats.Destinations[i]
		p := point{destination: d.Name}
		if !d.OldestPending.IsZero() {
			p.seconds = since(s.now, d.OldestPending)
		}
		out = append(out, p)
	}
	return out
}

func lastSuccess(s *snapshot) (out []point) {
	all := s.health.Destinations
	if len(all) == 0 { // There is but one.
		all = []ledger.DestinationHealth{s.health.DestinationHealth}
	}
	for i := range all {
		if at := all[i].Delivery.LastSuccess; !at.IsZero() {
			out = append(out, point{destination: all[i].Name, seconds: since(s.now, at)})
		}
	}
	return out
}

// since returns seconds, 0 for a time to come: clocks are set back.
func since(now, t time.Time) float64 { return max(0, now.Sub(t)).Seconds() }

// natural is for estimates, which may be below zero for a moment.
func natural(n int64) uint64 { return uint64(max(0, n)) }
