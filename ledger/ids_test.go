package ledger

import (
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func nextID(s *idSource, now time.Time) string { return string(s.appendNext(nil, now)) }

func TestAnIDIsAUUIDOfVersion7(t *testing.T) {
	now := time.UnixMilli(0x0199a2b3c4d5)
	id := nextID(newIDSource(), now)
	require.Regexp(t, "^0199a2b3c4d57[0-9a-f]{3}[89ab][0-9a-f]{15}$", id)
	assert.Equal(t, "before"+id[:13], string(newIDSource().appendNext([]byte("before"), now))[:19])
}

func TestIDsOfOneRunNeverCollide(t *testing.T) { // S2
	const goroutines, each = 8, 5000
	s := newIDSource()
	clock := time.UnixMilli(1764000000000)
	var mu sync.Mutex
	seen := make(map[string]bool, goroutines*each)
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			mine := make([]string, each)
			for i := range mine {
				mine[i] = nextID(s, clock.Add(-time.Duration(i*g%3)*time.Millisecond)) // steps back and forth
			}
			mu.Lock()
			defer mu.Unlock()
			for _, id := range mine {
				seen[id] = true
			}
		})
	}
	group.Wait()
	assert.Len(t, seen, goroutines*each)
}

// Every one of the counter's 40 bits must reach the ID, and no other.
func TestTheWholeCounterIsInTheID(t *testing.T) {
	s, now := newIDSource(), time.Now()
	seen := map[string]bool{}
	for bit := range 40 {
		s.counter.Store(1<<bit - 1)
		seen[nextID(s, now)] = true
	}
	s.counter.Store(1<<40 - 1)
	seen[nextID(s, now)] = true // went round to zero
	assert.Len(t, seen, 41)

	s.counter.Store(1<<40 + 6)
	round := nextID(s, now)
	s.counter.Store(6)
	assert.Equal(t, nextID(s, now), round)
}

func TestIDsOfAMillisecondSort(t *testing.T) {
	s, now := newIDSource(), time.Now()
	s.counter.Store(1<<28 - 3) // the carry between the two parts included
	ids := make([]string, 10)
	for i := range ids {
		ids[i] = nextID(s, now)
	}
	assert.True(t, sort.StringsAreSorted(ids), ids)
}

func TestRunsDiffer(t *testing.T) {
	now := time.Now()
	seen := map[string]bool{}
	for range 1000 {
		s := newIDSource()
		s.counter.Store(1) // even then
		seen[nextID(s, now)] = true
	}
	assert.Len(t, seen, 1000)
	one, other := newIDSource(), newIDSource()
	assert.NotEqual(t, one.counter.Load(), other.counter.Load())
}

func TestATimeBeforeTheEpochIsTheEpoch(t *testing.T) {
	assert.True(t, strings.HasPrefix(nextID(newIDSource(), time.Time{}), "0000000000007"))
}

func TestAnIDCostsNoAllocation(t *testing.T) {
	s, now := newIDSource(), time.Now()
	buf := make([]byte, 0, 32)
	assert.Zero(t, testing.AllocsPerRun(100, func() { buf = s.appendNext(buf[:0], now) }))
}

func BenchmarkID(b *testing.B) {
	s, now := newIDSource(), time.Now()
	buf := make([]byte, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		buf = s.appendNext(buf[:0], now)
	}
}
