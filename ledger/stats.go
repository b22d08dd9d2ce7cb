package ledger

import (
	"strconv"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Stats are the books of a client at one moment. At every moment, and across
// restarts (L2),
//
//	Accepted = Delivered + Pending + Dead + Evicted + Lost
//
// With several destinations that holds for each of them, in Destinations; the embedded
// books are those of the first.
//
// Delivered may shrink when a process that had not yet stored its last acks is
// killed: those records are pending again, and sent again. Evicted shrinks when a
// record that was given up while it was on its way turns out to have arrived, and Dead
// when a dead letter was delivered after all.
type Stats struct {
	Books
	// Destinations are the books of each, in the order of the configuration, and then
	// those of destinations that are no longer configured.
	Destinations []DestinationStats `json:"destinations"`

	// Refused calls returned an error and admitted nothing, Dropped records were
	// dropped by BeforeSend; both since Open, and in no other number. HookPanics
	// counts panics of BeforeSend.
	Refused    uint64 `json:"refused"`
	Dropped    uint64 `json:"dropped"`
	HookPanics uint64 `json:"hook_panics"`

	// Acked ≤ Synced ≤ Last (W2): offsets up to which every record is settled, safe
	// from a power cut (under SyncNever: written), and admitted.
	Acked  wal.Offset `json:"acked"`
	Synced wal.Offset `json:"synced"`
	Last   wal.Offset `json:"last"`

	// BufferedRecords and BufferedBytes are in memory only; BufferSize is the
	// memory's size in bytes.
	BufferedRecords int   `json:"buffered_records"`
	BufferedBytes   int64 `json:"buffered_bytes"`
	BufferSize      int   `json:"buffer_size"`
	// BufferMapped says that they survive the death of the process all the same
	// (W3). If it is false, BufferFault says why.
	BufferMapped bool   `json:"buffer_mapped"`
	BufferFault  string `json:"buffer_fault,omitempty"`
	// DiskBytes is the size of the Segments.
	DiskBytes int64 `json:"disk_bytes"`
	Segments  int   `json:"segments"`
	// DeadDropped dead letters went because of the limits on them, over the life of the
	// directory. They count as Dead all the same.
	DeadDropped uint64 `json:"dead_dropped"`
	// TimeToCap is how long until MaxRecords is reached if as much is logged and
	// delivered as in the last minute; 0 if it is not getting nearer.
	TimeToCap time.Duration `json:"time_to_cap_ns,omitzero"`

	// Durability is the promise in force.
	Durability Durability `json:"durability"`
	// Disk counts faults of the disk since Open.
	Disk wal.Faults `json:"disk"`
	// Recovery is what Open found.
	Recovery wal.Recovery `json:"recovery"`
}

// Books say what became of the records that a destination was to get.
type Books struct {
	// Accepted records: those for which Log returned nil, over the life of the
	// directory. It is the last offset, less what was there before the destination was.
	Accepted uint64 `json:"accepted"`
	// Delivered records were acknowledged by the server.
	Delivered uint64 `json:"delivered"`
	// Pending records wait, in memory or on disk.
	Pending uint64 `json:"pending"`
	// Dead records were set aside because the server refuses them.
	Dead uint64 `json:"dead"`
	// Evicted records were given up.
	Evicted uint64 `json:"evicted"`
	// Lost records were damaged on disk.
	Lost uint64 `json:"lost"`

	// Reasons for Dead, Evicted and Lost, and for calls that admitted nothing; see the
	// constants. They add up to those numbers, but for what was dead and is delivered.
	Reasons map[string]uint64 `json:"reasons"`

	// PendingBytes is an estimate of what the pending records occupy.
	PendingBytes int64 `json:"pending_bytes"`
	// OldestPending is when the oldest record on disk that waits was admitted,
	// zero if none waits.
	OldestPending time.Time `json:"oldest_pending,omitzero"`
	// Delivery are the sender's numbers.
	Delivery sender.Stats `json:"delivery"`
}

// DestinationStats are the books of one destination.
type DestinationStats struct {
	Name string `json:"name"`
	// Configured is false for a destination that was there in an earlier process. Its
	// records wait until it is configured again, a cap takes them, or [Client.Forget].
	Configured bool `json:"configured"`
	Books
}

// Why a record was not delivered.
const (
	// ReasonQueueFull, ReasonMaxAge and ReasonDiskError: given up because a cap was
	// reached, because it was too old, and because neither the disk nor memory could
	// hold it. They make up Evicted.
	ReasonQueueFull = "queue_full"
	ReasonMaxAge    = "max_age"
	ReasonDiskError = "disk_error"
	// ReasonCorrupt: damaged on disk. It makes up Lost.
	ReasonCorrupt = "corrupt"
	// ReasonRejected, ReasonTooLarge, ReasonPartial and ReasonQuota make up Dead: the
	// server refuses the record, alone or for its size, or some of its batch without
	// saying which, or all because a quota is used up.
	ReasonRejected = sender.DeadRejected
	ReasonTooLarge = sender.DeadTooLarge
	ReasonPartial  = sender.DeadPartial
	ReasonQuota    = sender.DeadQuota
	// ReasonClosed, ReasonInvalid and ReasonBeforeSend are calls that admitted nothing:
	// after Close, with a record that is too large to be carried, and dropped by the hook.
	ReasonClosed     = "closed"
	ReasonInvalid    = "invalid"
	ReasonBeforeSend = "before_send"
)

// Stats returns the books. The caps are enforced first: Pending exceeds MaxRecords
// by no more than the block that is on its way from memory to the disk.
func (c *Client) Stats() Stats {
	c.enforceCaps()
	// The log first: the ring is ahead of it, so nothing is counted as delivered
	// that has not been accepted.
	ways := c.ways()
	readers := make([]wal.ReaderStats, len(ways))
	for i, ln := range ways {
		readers[i] = ln.reader.Stats()
	}
	l := c.log.Stats()
	r := c.ring.Stats()
	closed, invalid := c.closedCalls.Load(), c.invalidCalls.Load()
	s := Stats{
		Refused: closed + invalid, Dropped: c.dropped.Load(), HookPanics: c.panics.Load(),
		Acked: min(l.Head, l.Synced), Synced: l.Synced, Last: wal.Offset(r.Last),
		BufferedRecords: r.Records, BufferedBytes: r.Bytes, BufferSize: r.Size,
		DiskBytes: l.DiskBytes, Segments: l.Segments,
		Durability: c.cfg.Durability, Disk: l.Faults, Recovery: c.log.Recovery(),
	}
	s.DeadDropped, _ = c.dead.Dropped()
	s.BufferMapped, s.BufferFault = r.Mapped, c.bufferFault(r)
	for i, ln := range ways {
		d := DestinationStats{Name: ln.name, Configured: ln.sender != nil, Books: c.booksOf(ln, readers[i], l, r)}
		d.Reasons[ReasonClosed], d.Reasons[ReasonInvalid], d.Reasons[ReasonBeforeSend] = closed, invalid, s.Dropped
		s.Destinations = append(s.Destinations, d)
	}
	s.Books = s.Destinations[0].Books
	s.TimeToCap = c.trend.timeTo(uint64(c.cfg.MaxRecords), s.Pending)
	return s
}

// booksOf derives the books of a destination from offsets, as far as that goes: what is
// derived cannot drift.
func (c *Client) booksOf(ln *lane, b wal.ReaderStats, l wal.Stats, r ring.Stats) Books {
	counters := ln.books.Counters()
	out := Books{
		Accepted: r.Last - uint64(b.Start), Lost: b.Lost, Evicted: b.Evicted + uint64(c.untold(r, l)),
		PendingBytes: b.PendingBytes + r.Bytes, OldestPending: ln.reader.Oldest(),
	}
	if ln.sender != nil {
		out.Delivery = ln.sender.Stats()
	}
	redriven := min(counters.Redriven, b.Dead)
	out.Delivered, out.Dead = b.Delivered+redriven, b.Dead-redriven
	out.Pending = out.Accepted - out.Delivered - out.Dead - out.Evicted - out.Lost
	out.Reasons = map[string]uint64{
		ReasonQueueFull: out.Evicted - b.Expired - b.Shed, ReasonMaxAge: b.Expired, ReasonDiskError: b.Shed,
		ReasonCorrupt: b.Lost, ReasonTooLarge: counters.TooLarge, ReasonPartial: counters.Partial, ReasonQuota: counters.Quota,
		ReasonRejected: counters.Rejected,
	}
	return out
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatUint(n, 10) + " " + noun + "s"
}
