package ledger

import (
	"strconv"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Stats are the books of a client at one moment. At every moment, and across
// restarts (L2),
//
//	Accepted = Delivered + Pending + Dead + Evicted + Lost
//
// Delivered may shrink when a process that had not yet stored its last acks is
// killed: those records are pending again, and sent again. Evicted shrinks when a
// record that was given up while it was on its way turns out to have arrived.
type Stats struct {
	// Accepted records: those for which Log returned nil, over the life of the
	// directory. It is the last offset.
	Accepted uint64 `json:"accepted"`
	// Delivered records were acknowledged by the server.
	Delivered uint64 `json:"delivered"`
	// Pending records wait, in memory or on disk.
	Pending uint64 `json:"pending"`
	// Dead records were set aside because the server refuses them.
	Dead uint64 `json:"dead"`
	// Evicted records were given up because a cap was reached.
	Evicted uint64 `json:"evicted"`
	// Lost records were damaged on disk.
	Lost uint64 `json:"lost"`

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

	// PendingBytes is an estimate of what the pending records occupy.
	PendingBytes int64 `json:"pending_bytes"`
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
	// OldestPending is when the oldest record on disk that waits was admitted,
	// zero if none waits.
	OldestPending time.Time `json:"oldest_pending,omitzero"`

	// Durability is the promise in force.
	Durability Durability `json:"durability"`
	// Disk counts faults of the disk since Open.
	Disk wal.Faults `json:"disk"`
	// Delivery are the sender's numbers.
	Delivery sender.Stats `json:"delivery"`
	// Recovery is what Open found.
	Recovery wal.Recovery `json:"recovery"`
}

// Stats returns the books. The caps are enforced first: Pending exceeds MaxRecords
// by no more than the block that is on its way from memory to the disk.
func (c *Client) Stats() Stats {
	c.enforceCaps()
	// The log first: the ring is ahead of it, so nothing is counted as delivered
	// that has not been accepted.
	l := c.log.Stats()
	r := c.ring.Stats()
	s := Stats{
		Accepted: r.Last, Delivered: l.Delivered, Dead: l.Dead, Lost: l.Lost,
		Evicted: l.Evicted + uint64(c.untold(r, l)),
		Refused: c.refused.Load(), Dropped: c.dropped.Load(), HookPanics: c.panics.Load(),
		Acked: min(l.Head, l.Synced), Synced: l.Synced, Last: wal.Offset(r.Last),
		PendingBytes: l.PendingBytes + r.Bytes, BufferedRecords: r.Records, BufferedBytes: r.Bytes, BufferSize: r.Size,
		DiskBytes: l.DiskBytes, Segments: l.Segments,
		OldestPending: c.log.Oldest(),
		Durability:    c.cfg.Durability, Disk: l.Faults, Delivery: c.sender.Stats(), Recovery: c.log.Recovery(),
	}
	s.BufferMapped, s.BufferFault = r.Mapped, c.bufferFault(r)
	s.Pending = s.Accepted - s.Delivered - s.Dead - s.Evicted - s.Lost
	return s
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatUint(n, 10) + " " + noun + "s"
}
