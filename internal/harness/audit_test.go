package harness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func ms(n ...int) []time.Duration {
	d := make([]time.Duration, len(n))
	for i, n := range n {
		d[i] = time.Duration(n) * time.Millisecond
	}
	return d
}

func TestPercentileIsOfTheNearestRank(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	tests := []struct {
		name string
		of   []time.Duration
		p    float64
		want int
	}{
		{"none", nil, 50, 0},
		{"one", ms(7), 99, 7},
		{"median of three", ms(9, 1, 5), 50, 5},
		{"median of four", ms(4, 3, 2, 1), 50, 2},
		{"least", ms(3, 1, 2), 0, 1},
		{"most", ms(3, 1, 2), 100, 3},
		{"p50", ms(hundred...), 50, 50},
		{"p99", ms(hundred...), 99, 99},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, time.Duration(tt.want)*time.Millisecond, Percentile(tt.of, tt.p))
		})
	}
}

func TestCutoffIsTheLastLookWhoseRecordsAreProvenSynced(t *testing.T) {
	base := time.Now()
	at := func(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
	type look struct {
		at           int
		last, synced uint64
	}
	tests := []struct {
		name  string
		looks []look
		want  time.Time
	}{
		{"no look", nil, time.Time{}},
		{"nothing synced", []look{{0, 10, 0}, {50, 20, 5}}, time.Time{}},
		{"a later look proves an earlier one", []look{{0, 10, 0}, {50, 20, 10}}, at(0)},
		{"one offset short proves nothing", []look{{0, 10, 0}, {50, 20, 9}}, time.Time{}},
		{"a look that is all synced", []look{{0, 10, 0}, {50, 20, 20}}, at(50)},
		{"the latest of several", []look{{0, 10, 5}, {50, 20, 10}, {100, 30, 25}, {150, 40, 25}}, at(50)},
		{"looks out of order", []look{{50, 20, 25}, {0, 10, 5}}, at(50)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := new(Watch)
			for _, l := range tt.looks {
				w.note(at(l.at), Counters{Last: l.last, Synced: l.synced})
			}
			assert.True(t, tt.want.Equal(w.Cutoff()), "want %v, got %v", tt.want, w.Cutoff())
		})
	}
}

func TestWatchFollowsTheServiceThroughItsFailures(t *testing.T) {
	var looks int
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		looks++
		switch looks {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			_, _ = io.WriteString(w, "not JSON")
		case 3:
			_, _ = io.WriteString(w, `{"last": 6, "synced": 5, "pending": 5}`)
		default:
			_, _ = io.WriteString(w, `{"last": 7, "synced": 7, "pending": 2, "unknown": true}`)
		}
	})
	w := Follow(s.URL, time.Millisecond)
	defer w.Stop()
	require.Eventually(t, func() bool { return w.Latest().Last == 7 }, time.Minute, time.Millisecond)
	assert.Equal(t, uint64(2), w.Latest().Pending)
	assert.Equal(t, uint64(5), w.First().Pending, "failed looks do not count")
	assert.False(t, w.Cutoff().IsZero())
}

func TestDrainWaitsUntilNothingIsLeft(t *testing.T) {
	left := 3
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		left--
		_, _ = fmt.Fprintf(w, `{"pending": %d, "delivery": {"resent": 9}}`, left)
	})
	c, err := Drain(within(t, time.Minute), s.URL)
	require.NoError(t, err)
	assert.Zero(t, c.Pending)
	assert.Equal(t, uint64(9), c.Delivery.Resent)
	assert.Len(t, s.ids, 1)
	assert.Equal(t, 3, s.ids[""], "two looks with records left, one without")
}

func TestDrainThatIsNotOverInTimeIsAnError(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"pending": 7}`) })
	_, err := Drain(within(t, 50*time.Millisecond), s.URL)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "records left")
}

func TestCheckTellsABrokenPromiseFromAnUncertainLoss(t *testing.T) {
	cutoff := time.Now()
	before, after := cutoff.Add(-time.Millisecond), cutoff.Add(time.Millisecond)
	answers := []Answer{
		{ID: "kept", At: before},
		{ID: "broken", At: before},
		{ID: "lucky", At: after},
		{ID: "gone", At: after},
	}
	stored := map[string]int{"kept": 1, "lucky": 2}

	a := Check(answers, stored, cutoff)
	assert.Equal(t, Audit{Answered: 4, Missing: []string{"broken", "gone"}, Broken: []string{"broken"}, Uncertain: 2}, a)
	assert.Equal(t, 1, Duplicates(stored))

	none := Check(answers, stored, time.Time{})
	assert.Empty(t, none.Broken, "nothing is proven")
	assert.Equal(t, 4, none.Uncertain)

	sum := a.Add(none)
	assert.Equal(t, Audit{Answered: 8, Missing: []string{"broken", "gone", "broken", "gone"}, Broken: []string{"broken"}, Uncertain: 6}, sum)
}
