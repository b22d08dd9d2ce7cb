package server

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A limiter counts requests by key in minutes of the clock, as the platform
// does. A key that has used up its minute is served again in the next.
type limiter struct {
	perMinute int
	now       func() time.Time

	mu      sync.Mutex
	windows []window // by the number of the key
}

type window struct {
	minute int64
	count  int
}

// newLimiter returns a limiter for so many keys, or nil, which limits nothing,
// if perMinute is zero.
func newLimiter(perMinute, keys int, now func() time.Time) *limiter {
	if perMinute <= 0 {
		return nil
	}
	return &limiter{perMinute: perMinute, now: now, windows: make([]window, max(1, keys))}
}

// take counts a request, says by headers what the limits are, and reports
// whether the request is within them.
func (l *limiter) take(h http.Header, key int) bool {
	if l == nil {
		return true
	}
	left, wait := l.count(key)
	h.Set("X-RateLimit-Limit-Minute", strconv.Itoa(l.perMinute))
	// There is no limit of its own for an hour: it is what sixty minutes allow.
	h.Set("X-RateLimit-Limit-Hour", strconv.Itoa(60*l.perMinute))
	if left >= 0 {
		return true
	}
	h.Set("X-RateLimit-Remaining-Minute", "0")
	h.Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	return false
}

// count counts a request and returns how many are left in this minute, negative
// if there was none for it, and the time to the next, at least a second.
func (l *limiter) count(key int) (left int, wait time.Duration) {
	now := l.now().Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &l.windows[key]
	if minute := now / 60; w.minute != minute {
		*w = window{minute: minute}
	}
	w.count++
	return l.perMinute - w.count, time.Duration(60-now%60) * time.Second
}
