package policy

import (
	"sync"
	"sync/atomic"
)

// Sampler keeps one request of every so many, for each route by itself.
type Sampler struct {
	every    int64            // for routes that are not named; 0 and 1 keep all
	byRoute  map[string]int64 // immutable once requests are served
	counters sync.Map         // of *atomic.Int64, by route
	routes   atomic.Int64     // that have a counter of their own
}

// maxRoutes bounds the counters. Routes are patterns, of which an application has
// some dozens; one that takes paths for routes gets one counter for all beyond this.
const maxRoutes = 1000

// otherRoutes is no pattern.
const otherRoutes = "*"

// Set keeps one request of every n of each of these routes, or of every route that is
// not named in a call, if there are none here. It must not be called once the sampler
// is in use.
func (s *Sampler) Set(n int, routes ...string) {
	if len(routes) == 0 {
		s.every = int64(n)
	}
	if s.byRoute == nil {
		s.byRoute = map[string]int64{}
	}
	for _, route := range routes {
		s.byRoute[route] = int64(n)
	}
}

// Sample counts a request of this route. It returns how many requests its record
// stands for: itself and those before it that were left out. 0 means that it is left
// out itself. The numbers of the records of a route add up to its requests, up to and
// including the last recorded one.
func (s *Sampler) Sample(route string) int64 {
	if s == nil {
		return 1
	}
	every, named := s.byRoute[route]
	if !named {
		every = s.every
	}
	if every <= 1 {
		return 1
	}
	switch n := s.counter(route, named).Add(1); {
	case n == 1:
		return 1
	case n%every == 1:
		return every
	}
	return 0
}

// counter returns the counter of a route. One that was named always has its own: the
// others are counted by another number, and so would be no count of either.
func (s *Sampler) counter(route string, named bool) *atomic.Int64 {
	if c, ok := s.counters.Load(route); ok {
		return c.(*atomic.Int64) //nolint:errcheck // Nothing else is stored.
	}
	if !named && s.routes.Add(1) > maxRoutes {
		route = otherRoutes
	}
	c, _ := s.counters.LoadOrStore(route, new(atomic.Int64))
	return c.(*atomic.Int64) //nolint:errcheck // Nothing else is stored.
}
