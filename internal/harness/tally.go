package harness

import (
	"slices"
	"sync"
	"time"
)

// Answer is a request whose whole response was read (H3).
type Answer struct {
	ID     string
	Sent   time.Time
	At     time.Time // when the response was complete
	Status int
}

// Latency returns the time from sending to the complete response.
func (a Answer) Latency() time.Duration { return a.At.Sub(a.Sent) }

// Tally collects the outcomes of one or more loads. The zero value is ready for use,
// from any number of goroutines.
type Tally struct {
	mu      sync.Mutex
	answers []Answer
	failed  []time.Time
	skipped int
}

func (t *Tally) answer(a Answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers = append(t.answers, a)
}

func (t *Tally) fail(sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = append(t.failed, sent)
}

func (t *Tally) skip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped++
}

// Answers returns a copy of the answers so far, in the order in which they came.
func (t *Tally) Answers() []Answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.answers)
}

// Counts returns how many requests were answered, how many got no whole response,
// and how many a fixed rate left out.
func (t *Tally) Counts() (answered, failed, skipped int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.answers), len(t.failed), t.skipped
}

// Percentile returns the p-th percentile, 0 to 100, by the nearest rank. It sorts d,
// and returns 0 if d is empty.
func Percentile(d []time.Duration, p float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	rank := int(p/100*float64(len(d))+0.999999999) - 1
	return d[min(max(rank, 0), len(d)-1)]
}
