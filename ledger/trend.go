package ledger

import (
	"sync"
	"time"
)

// trend tells how fast the pending records become more. It keeps what was seen of them
// within the last minute.
type trend struct {
	mu   sync.Mutex
	seen [61]pendingAt // a ring of the last ones
	next int
}

type pendingAt struct {
	at      time.Time
	pending uint64
}

// note takes in how many are pending, about once a second.
func (t *trend) note(pending uint64, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen[t.next%len(t.seen)] = pendingAt{now, pending}
	t.next++
}

// timeTo returns how long until limit records are pending if it goes on like that, 0 if
// it does not grow.
func (t *trend) timeTo(limit, pending uint64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next < 2 || pending >= limit {
		return 0
	}
	first, last := t.seen[max(t.next-len(t.seen), 0)%len(t.seen)], t.seen[(t.next-1)%len(t.seen)]
	took, grew := last.at.Sub(first.at).Seconds(), float64(last.pending)-float64(first.pending)
	if took <= 0 || grew <= 0 {
		return 0
	}
	return time.Duration(float64(limit-pending) * took / grew * float64(time.Second))
}
