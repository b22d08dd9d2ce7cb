package policy

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestANilSamplerKeepsEverything(t *testing.T) {
	var s *Sampler
	assert.Equal(t, int64(1), s.Sample("/x"))
	assert.Equal(t, int64(1), new(Sampler).Sample("/x"))
}

func TestTheNumbersAddUp(t *testing.T) {
	var s Sampler
	s.Set(7)
	s.Set(1, "/all")
	s.Set(0, "/too")
	var kept, sum, last int64
	for i := range int64(100) {
		if n := s.Sample("/x"); n > 0 {
			kept++
			sum += n
			last = i + 1
			assert.Equal(t, last, sum)
		}
		assert.Equal(t, int64(1), s.Sample("/all"))
		assert.Equal(t, int64(1), s.Sample("/too"))
	}
	assert.Equal(t, int64(15), kept)
	assert.Equal(t, int64(99), last)
}

func TestRoutesBeyondReasonShareACounter(t *testing.T) {
	var s Sampler
	s.Set(2)
	for i := range maxRoutes {
		assert.Equal(t, int64(1), s.Sample("/"+strconv.Itoa(i)))
	}
	assert.Equal(t, int64(1), s.Sample("/one more"))
	assert.Equal(t, int64(0), s.Sample("/and one more"))
	n := 0
	s.counters.Range(func(any, any) bool { n++; return true })
	assert.Equal(t, maxRoutes+1, n)
}

func TestANamedRouteBeyondReasonHasItsOwnCounter(t *testing.T) {
	var s Sampler
	s.Set(7)
	s.Set(2, "/named")
	for i := range maxRoutes + 1 {
		s.Sample("/" + strconv.Itoa(i))
	}
	var sum int64
	for range 101 {
		sum += s.Sample("/named")
		s.Sample("/one more")
	}
	assert.Equal(t, int64(101), sum)
}

func TestNoRequestIsCountedTwice(t *testing.T) {
	var s Sampler
	s.Set(10)
	var sum atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				sum.Add(s.Sample("/x"))
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(8000-10+1), sum.Load(), "all up to the last that was kept")
}
