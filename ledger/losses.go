package ledger

import (
	"sync"
	"time"
)

// losses tells whether a total has grown recently. It looks when it is asked and
// keeps the totals of the last minute.
type losses struct {
	mu   sync.Mutex
	seen []loss // by time
}

type loss struct {
	at    time.Time
	total uint64
}

// watch notes the total of now and returns by how much it has grown within the
// time that counts as recent.
func (l *losses) watch(total uint64, now time.Time) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep := 0
	for keep+1 < len(l.seen) && now.Sub(l.seen[keep+1].at) >= recent {
		keep++ // The youngest that is old enough is what the growth is measured from.
	}
	l.seen = l.seen[keep:]
	if n := len(l.seen); n == 0 || l.seen[n-1].total != total {
		l.seen = append(l.seen, loss{now, total})
	}
	if total <= l.seen[0].total {
		return 0
	}
	return total - l.seen[0].total
}
