package sender

import "github.com/ledger-sdk/ledger-go/wal"

// Source is the log as the sender sees it. *[wal.Reader] is one.
type Source interface {
	// Read fills b with the records after an offset, of one resource, at least one
	// if there is any, and never beyond what may be sent (W4).
	Read(b *wal.Batch, after wal.Offset, lim wal.Limits) error
	// Backlog says what is readable after an offset.
	Backlog(after wal.Offset) wal.Backlog
	// Changed returns a channel that is closed when more becomes readable.
	Changed() <-chan struct{}
	// Head returns the offset up to which every record is settled.
	Head() wal.Offset
	// Through returns the offset up to which records may be read now.
	Through() wal.Offset
	// Ack settles the records of a delivered batch and returns the checkpoint that
	// says so. Batches are acked in any order.
	Ack(b *wal.Batch) wal.Checkpoint
	// Bury does the same for records that became dead letters.
	Bury(b *wal.Batch) wal.Checkpoint
	// Reclaim tells the log which checkpoint is durable. Only what that settles
	// may be deleted (W5).
	Reclaim(durable wal.Checkpoint)
}

// Store is where the sender keeps what must outlive the process. *[Account] is one.
type Store interface {
	// Counters returns the totals at the start.
	Counters() Counters
	// Save makes a checkpoint durable and adds d to the counters.
	Save(cp wal.Checkpoint, d Counters) error
	// AddCounters adds d to the counters.
	AddCounters(d Counters) error
	// Learned returns what is known of the server's limits.
	Learned() Learned
	// Learn makes durable what is known of the server's limits.
	Learn(l Learned) error
}

var (
	_ Source = (*wal.Reader)(nil)
	_ Store  = (*Account)(nil)
)
