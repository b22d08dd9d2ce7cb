package sender

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"
)

// RateLimit is what the server allows, and how much of it to use. Zero is the
// default of a field, a negative number means that there is no such limit.
type RateLimit struct {
	// RequestsPerMinute and RequestsPerHour; 1000 and 50,000.
	RequestsPerMinute, RequestsPerHour int
	// RecordsPerMinute and RecordsPerHour; none.
	RecordsPerMinute, RecordsPerHour int
	// Use is the share of every limit that is used, in (0, 1]; 0.9. The rest
	// covers clocks that differ and other clients with the same key.
	Use float64
}

func (r RateLimit) withDefaults() RateLimit {
	if r.RequestsPerMinute == 0 {
		r.RequestsPerMinute = 1000
	}
	if r.RequestsPerHour == 0 {
		r.RequestsPerHour = 50_000
	}
	if r.Use == 0 {
		r.Use = 0.9
	}
	return r
}

// Validate names every bad field of r.
func (r RateLimit) Validate() error {
	r = r.withDefaults()
	if !(r.Use > 0 && r.Use <= 1) {
		return fmt.Errorf("RateLimit.Use is %v, not in (0, 1]", r.Use)
	}
	return nil
}

// effective is what the user asked for and what the server said, in one: what the user
// gave is never exceeded, and what only is a default gives way to the server's word.
func effective(asked RateLimit, l Learned) RateLimit {
	pick := func(asked, learned int) int {
		switch {
		case learned == 0 || asked < 0:
			return asked
		case asked == 0:
			return learned
		}
		return min(asked, learned)
	}
	asked.RequestsPerMinute = pick(asked.RequestsPerMinute, l.RequestsPerMinute)
	asked.RequestsPerHour = pick(asked.RequestsPerHour, l.RequestsPerHour)
	asked.RecordsPerMinute = pick(asked.RecordsPerMinute, l.RecordsPerMinute)
	asked.RecordsPerHour = pick(asked.RecordsPerHour, l.RecordsPerHour)
	return asked.withDefaults()
}

// limiter spends requests and records from a token bucket per limit and window.
// It belongs to the loop, which tells it the time.
type limiter struct {
	requests, records [2]bucket // per minute and per hour
	maxRecords        int       // a request may have at most so many; 0 is no limit
	used              time.Time // last, if ever: a new bucket is empty then
}

// bucket is a token bucket for one limit, nil if there is none.
type bucket struct {
	*rate.Limiter
	limit int
}

// newLimiter returns a limiter whose buckets are empty at the time of the last use, full
// if that is zero: an earlier process may have spent all that they held up to then.
func newLimiter(r RateLimit, used time.Time) *limiter {
	l := &limiter{used: used}
	l.set(used, r)
	return l
}

// set changes the limits. What was spent stays spent.
func (l *limiter) set(now time.Time, r RateLimit) {
	for i, window := range []time.Duration{time.Minute, time.Hour} {
		// A burst of a fifth leaves the steady rate at four fifths. For records the
		// burst is also the largest batch, so it gets half.
		l.requests[i].set(now, []int{r.RequestsPerMinute, r.RequestsPerHour}[i], r.Use, window, 5, l.used)
		l.records[i].set(now, []int{r.RecordsPerMinute, r.RecordsPerHour}[i], r.Use, window, 2, l.used)
	}
	l.maxRecords = 0
	for _, b := range l.records {
		if b.Limiter != nil && (l.maxRecords == 0 || b.Burst() < l.maxRecords) {
			l.maxRecords = b.Burst()
		}
	}
}

func (b *bucket) set(now time.Time, limit int, use float64, window time.Duration, part int, used time.Time) {
	switch {
	case limit <= 0:
		*b = bucket{}
	case b.Limiter == nil:
		*b = bucket{newBucket(limit, use, window, part), limit}
		if !used.IsZero() {
			b.AllowN(used, b.Burst())
		}
	case b.limit != limit:
		to := newBucket(limit, use, window, part)
		b.SetLimitAt(now, to.Limit())
		b.SetBurstAt(now, to.Burst())
		b.limit = limit
	}
}

// newBucket returns a token bucket that never lets more than use*limit events
// through in any window, however they fall: burst + window*rate = use*limit.
//
// With one event per window that sum leaves no rate at all. Then they are spaced
// a little more than a window apart, which comes to the same.
func newBucket(limit int, use float64, window time.Duration, part int) *rate.Limiter {
	allowed := max(1, int(use*float64(limit)))
	if allowed == 1 {
		return rate.NewLimiter(rate.Every(window+time.Second), 1)
	}
	burst := max(1, allowed/part)
	return rate.NewLimiter(rate.Limit(float64(allowed-burst)/window.Seconds()), burst)
}

// wait returns how long after now a request with so many records has to wait; 0
// means that it may go.
func (l *limiter) wait(now time.Time, records int) time.Duration {
	var longest time.Duration
	for i := range l.requests {
		longest = max(longest, untilTokens(l.requests[i].Limiter, now, 1), untilTokens(l.records[i].Limiter, now, records))
	}
	return longest
}

// take spends the tokens of a request for which wait returned 0.
func (l *limiter) take(now time.Time, records int) {
	l.used = now
	for _, b := range l.requests {
		if b.Limiter != nil {
			b.AllowN(now, 1)
		}
	}
	for _, b := range l.records {
		if b.Limiter != nil {
			b.AllowN(now, min(records, b.Burst())) // More than that would spend nothing.
		}
	}
}

func untilTokens(b *rate.Limiter, now time.Time, n int) time.Duration {
	if b == nil {
		return 0
	}
	missing := float64(min(n, b.Burst())) - b.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	// Rounded up: a wait that is too short by a part of a nanosecond would spin.
	return time.Duration(math.Ceil(missing/float64(b.Limit())*float64(time.Second))) + 1
}
