package main

import "time"

// batch is what a request carries: entries of one shipper, in the order in which they
// were logged.
type batch struct {
	first, n int
	attempts int
	flying   bool
	// ready is when a policy that waits for every batch alone lets it go again, and
	// round the one of the gate in which it went.
	ready int64
	round int
}

// shipper is a service with a log, and sends as the sender does: the batch that
// failed first, then a new one if it is full or old enough.
type shipper struct {
	sim    *simulation
	policy policy
	phase  int64    // when the first entry is logged
	read   int      // entries taken into batches
	open   []*batch // not yet delivered, oldest first
	stored []uint8  // how often the server took each entry
	wake   int64    // the next planned look, 0 if there is none
}

// logged returns how many entries there are at a time.
func (s *shipper) logged(at int64) int {
	if at < s.phase {
		return 0
	}
	return int((at-s.phase)/int64(entryInterval)) + 1
}

func (s *shipper) loggedAt(entry int) int64 { return s.phase + int64(entry)*int64(entryInterval) }

// look starts every request that may start now, and plans the next look. Where it
// plans none an answer is to come.
func (s *shipper) look() {
	for {
		b, when := s.next()
		if b == nil {
			s.plan(when)
			return
		}
		if ok, when := s.policy.admits(s.sim.now, s.open); !ok {
			s.plan(when)
			return
		}
		s.launch(b)
	}
}

// next returns what is to be sent. If there is nothing it says when there will be, 0
// if only an answer can tell.
func (s *shipper) next() (*batch, int64) {
	var again int64
	for _, b := range s.open {
		if !b.flying && b.ready <= s.sim.now {
			return b, 0
		}
		if !b.flying {
			again = earlier(again, b.ready)
		}
	}
	if len(s.open) >= maxInFlight {
		return nil, again
	}
	n := entriesPerBatch
	if s.policy.probing() {
		n = 1
	}
	due := min(s.loggedAt(s.read)+int64(flushInterval), s.loggedAt(s.read+n-1))
	if due > s.sim.now {
		return nil, earlier(again, due)
	}
	return &batch{first: s.read, n: min(n, s.logged(s.sim.now)-s.read)}, 0
}

func (s *shipper) plan(when int64) {
	if when == 0 || s.wake != 0 && s.wake <= when {
		return
	}
	s.wake = when
	s.sim.queue.push(event{at: when, shipper: s})
}

// wakeUp is a planned look, unless another was planned before it meanwhile.
func (s *shipper) wakeUp(at int64) {
	if s.wake == at {
		s.wake = 0
		s.look()
	}
}

func (s *shipper) launch(b *batch) {
	if b.attempts == 0 {
		s.read += b.n
		s.open = append(s.open, b)
	}
	b.attempts++
	b.flying = true
	s.policy.launched(b, s.sim.now)
	s.sim.server.request(s, b)
}

// store is the server taking a batch, whether or not the shipper will hear of it. It
// returns how many entries of the backlog it did not have before.
func (s *shipper) store(b *batch) int {
	fresh := 0
	for i := b.first; i < b.first+b.n; i++ {
		for len(s.stored) <= i {
			s.stored = append(s.stored, 0)
		}
		if s.stored[i] == 0 && s.loggedAt(i) < s.sim.back {
			fresh++
		}
		s.stored[i]++
	}
	return fresh
}

// take takes in an answer.
func (s *shipper) take(b *batch, a answer) {
	b.flying = false
	if a.kind == delivered {
		for i := range s.open {
			if s.open[i] == b {
				s.open = append(s.open[:i], s.open[i+1:]...)
				break
			}
		}
	}
	s.policy.settle(b, a, s.sim.now)
	s.look()
}

// answer is what a shipper hears of a request.
type answer struct {
	kind  kind
	after time.Duration // Retry-After
}

type kind uint8

const (
	delivered kind = iota + 1
	refused        // nobody listens
	busy           // 503, or 429 with a Retry-After
	silence        // the client's timeout
)

// earlier returns the earlier of two times, of which 0 means never.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
