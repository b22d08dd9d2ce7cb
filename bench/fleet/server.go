package main

import (
	"math/rand/v2"
	"time"
)

// mode is what a server does with what is beyond its capacity.
type mode string

const (
	unavailable mode = "503"
	tooMany     mode = "429"
	queueing    mode = "queue"
)

// server serves a number of requests per second, once it is back.
type server struct {
	sim  *simulation
	rng  *rand.Rand
	free int64 // when all that was taken in is served
}

// request decides at once what becomes of a request, and plans the answer.
func (v *server) request(s *shipper, b *batch) {
	sim := v.sim
	there := sim.now + int64(20*time.Millisecond) + v.rng.Int64N(int64(60*time.Millisecond))
	if sim.now < sim.back {
		sim.queue.push(event{at: there, shipper: s, batch: b, answer: answer{kind: refused}})
		return
	}
	tick := sim.counts.at(sim)
	tick.offered++
	v.free = max(v.free, sim.now)
	if v.free-sim.now > int64(v.room()) {
		tick.refused++
		sim.queue.push(v.refusal(s, b, there))
		return
	}
	v.free += int64(float64(time.Second) / sim.capacity)
	sim.queue.push(event{at: v.free, shipper: s, batch: b})
	sim.queue.push(event{at: max(v.free, there), shipper: s, batch: b, answer: answer{kind: delivered}})
}

func (v *server) refusal(s *shipper, b *batch, there int64) event {
	e := event{at: there, shipper: s, batch: b, answer: answer{kind: busy}}
	switch v.sim.mode {
	case tooMany:
		e.answer.after = retryAfter
	case queueing:
		e.at, e.answer.kind = v.sim.now+int64(clientTimeout), silence
	case unavailable:
	}
	return e
}

// room is how much work may wait.
func (v *server) room() time.Duration {
	if v.sim.mode == queueing {
		return longestQueue
	}
	return shortQueue
}
