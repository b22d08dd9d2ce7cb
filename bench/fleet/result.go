package main

import "time"

// result is what came of a run.
type result struct {
	scenario
	ticks []tick

	peak1, peak10 float64 // offered over capacity, in the worst 1 s and 10 s
	most, all     drained // until 95% of the backlog was delivered, and all of it
	offered       int     // until all of it was
	refused       int
}

// drained is when so much of the backlog was delivered.
type drained struct {
	after   time.Duration // 0: it was not
	goodput float64       // accepted until then over what could have been
}

func measure(sim *simulation) result {
	r := result{scenario: sim.scenario, ticks: sim.counts.ticks}
	r.peak1, r.peak10 = r.peak(time.Second), r.peak(10*time.Second)
	r.most = r.until(sim.counts.backlog / 20)
	r.all = r.until(0)
	for i := range r.ticks {
		if r.all.after > 0 && time.Duration(i)*tickLength >= r.all.after {
			break
		}
		r.offered += r.ticks[i].offered
		r.refused += r.ticks[i].refused
	}
	return r
}

// peak returns the largest load offered in any window.
func (r *result) peak(window time.Duration) float64 {
	most, sum, n := 0, 0, int(window/tickLength)
	for i := range r.ticks {
		if sum += r.ticks[i].offered; i >= n {
			sum -= r.ticks[i-n].offered
		}
		most = max(most, sum)
	}
	return r.load(most, window)
}

// until returns when no more than so many entries were left.
func (r *result) until(missing int) drained {
	served := 0
	for i := range r.ticks {
		served += r.ticks[i].served
		if r.ticks[i].missing <= missing {
			after := time.Duration(i+1) * tickLength
			return drained{after, r.load(served, after)}
		}
	}
	return drained{}
}

// load is a number of requests in a time, as a share of the capacity.
func (r *result) load(requests int, in time.Duration) float64 {
	return float64(requests) / in.Seconds() / r.capacity
}
