package ingest

import "sync/atomic"

// A budget is the number of bytes that requests under way may still take
// together. It is a promise kept by arithmetic, not an allocator: each request
// takes from it before it allocates and gives back when it is done.
type budget struct{ left atomic.Int64 }

func newBudget(size int64) *budget {
	b := new(budget)
	b.left.Store(size)
	return b
}

// A lease is what one request took.
type lease struct {
	from *budget
	size int64
}

// take takes n more bytes, or none. It does not wait: a request that waits
// while it holds memory would wait for others that do the same.
func (l *lease) take(n int64) error {
	for {
		left := l.from.left.Load()
		if left < n {
			return busy("too much under way, no memory left for this request")
		}
		if l.from.left.CompareAndSwap(left, left-n) {
			l.size += n
			return nil
		}
	}
}

func (l *lease) giveBack() {
	l.from.left.Add(l.size)
	l.size = 0
}
