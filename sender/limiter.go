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

// limiter spends requests and records from a token bucket per limit and window.
// It belongs to the loop, which tells it the time.
type limiter struct {
	requests, records []*rate.Limiter
	maxRecords        int // a request may have at most so many; 0 is no limit
}

func newLimiter(r RateLimit) *limiter {
	l := &limiter{}
	// A burst of a fifth leaves the steady rate at four fifths. For records the
	// burst is also the largest batch, so it gets half.
	for _, w := range []struct {
		limit  int
		window time.Duration
	}{{r.RequestsPerMinute, time.Minute}, {r.RequestsPerHour, time.Hour}} {
		if w.limit > 0 {
			l.requests = append(l.requests, newBucket(w.limit, r.Use, w.window, 5))
		}
	}
	for _, w := range []struct {
		limit  int
		window time.Duration
	}{{r.RecordsPerMinute, time.Minute}, {r.RecordsPerHour, time.Hour}} {
		if w.limit > 0 {
			b := newBucket(w.limit, r.Use, w.window, 2)
			l.records = append(l.records, b)
			if l.maxRecords == 0 || b.Burst() < l.maxRecords {
				l.maxRecords = b.Burst()
			}
		}
	}
	return l
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
	for _, b := range l.requests {
		longest = max(longest, untilTokens(b, now, 1))
	}
	for _, b := range l.records {
		longest = max(longest, untilTokens(b, now, records))
	}
	return longest
}

// take spends the tokens of a request for which wait returned 0.
func (l *limiter) take(now time.Time, records int) {
	for _, b := range l.requests {
		b.AllowN(now, 1)
	}
	for _, b := range l.records {
		b.AllowN(now, records)
	}
}

func untilTokens(b *rate.Limiter, now time.Time, n int) time.Duration {
	missing := float64(min(n, b.Burst())) - b.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	// Rounded up: a wait that is too short by a part of a nanosecond would spin.
	return time.Duration(math.Ceil(missing/float64(b.Limit())*float64(time.Second))) + 1
}
