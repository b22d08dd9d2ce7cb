package main

import (
	"math/rand/v2"
	"time"
)

const (
	maxInFlight     = 4
	entriesPerBatch = 12
	entryInterval   = 30 * time.Second
	flushInterval   = 5 * time.Second
	outage          = time.Hour
	clientTimeout   = 30 * time.Second
	retryAfter      = 30 * time.Second
	longestQueue    = 10 * time.Second
	shortQueue      = 100 * time.Millisecond
	// look is how long every run is watched at least, and patience at most.
	look     = 4 * time.Minute
	patience = time.Hour
)

// scenario is what is simulated.
type scenario struct {
	shippers int
	capacity float64 // requests per second
	mode     mode
	policy   contender
	seed     uint64
	drawn    bool // whether it is part of the plot
}

// simulation is one run of a scenario.
type simulation struct {
	scenario
	now    int64
	queue  queue
	server server
	fleet  []*shipper
	back   int64 // when the server is back

	missing int // entries of the backlog that the server does not have
	counts  counts
}

// simulate runs a scenario until the backlog is delivered.
func simulate(sc scenario) *simulation {
	sim := &simulation{scenario: sc, back: int64(outage)}
	sim.server = server{sim: sim, rng: rand.New(rand.NewPCG(sc.seed, 1))}
	rng := rand.New(rand.NewPCG(sc.seed, 2))
	for range sc.shippers {
		s := &shipper{sim: sim, policy: sc.policy.make(rng), phase: 1 + rng.Int64N(int64(entryInterval))}
		s.plan(s.phase)
		sim.missing += s.logged(sim.back - 1)
		sim.fleet = append(sim.fleet, s)
	}
	sim.counts.backlog = sim.missing
	for sim.now < sim.back+int64(look) || sim.missing > 0 && sim.now < sim.back+int64(patience) {
		sim.step()
	}
	return sim
}

// step lets the next event happen. There always is one: every shipper waits for an
// answer or for a time.
func (sim *simulation) step() {
	e := sim.queue.pop()
	sim.now = e.at
	switch {
	case e.batch == nil:
		e.shipper.wakeUp(e.at)
	case e.answer.kind == 0:
		sim.missing -= e.shipper.store(e.batch)
		tick := sim.counts.at(sim)
		tick.served++
		tick.missing = sim.missing
	default:
		e.shipper.take(e.batch, e.answer)
	}
}

// counts is what the server saw since it is back, per tick.
type counts struct {
	ticks   []tick
	backlog int // entries when it came back
}

const tickLength = 100 * time.Millisecond

type tick struct {
	offered, served, refused int
	missing                  int // of the backlog, at its end
}

// at returns the tick of the present, which before the return is one that is thrown
// away.
func (c *counts) at(sim *simulation) *tick {
	if sim.now < sim.back {
		return &tick{}
	}
	n := int((sim.now - sim.back) / int64(tickLength))
	for len(c.ticks) <= n {
		c.ticks = append(c.ticks, tick{missing: sim.missing})
	}
	return &c.ticks[n]
}
