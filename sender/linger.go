package sender

import (
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// linger decides when the records that are readable make a batch: at once when
// there are enough of them, else when the oldest has waited for the interval.
//
// Admission times come from the wall clock, perhaps of an earlier boot. They are
// used once, for the age of the oldest record when it is first seen, held between
// zero and the interval; from then on the monotonic clock counts. A clock that is
// set can therefore make one batch early or late by an interval, and can neither
// stall the sender nor make it spin.
type linger struct {
	records  int
	bytes    int64
	interval time.Duration

	armed    bool
	after    wal.Offset
	deadline time.Time
}

// due returns when the records after an offset, of which there are some, have to
// be sent.
func (l *linger) due(b wal.Backlog, after wal.Offset, now time.Time) time.Time {
	if b.Records >= l.records || b.Bytes >= l.bytes {
		return now
	}
	if !l.armed || l.after != after {
		age := min(max(now.Sub(b.Oldest), 0), l.interval)
		l.armed, l.after, l.deadline = true, after, now.Add(l.interval-age)
	}
	return l.deadline
}
