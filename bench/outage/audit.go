package main

import "time"

// result of a run.
type result struct {
	peer     string
	scenario scenario

	emitted    int // calls that returned without an error
	refused    int // and with one
	lost       int // of those emitted, never delivered
	inOutage   int // emitted while the server was down
	lostInIt   int // and lost
	late       int // delivered by the next process only
	duplicates int // deliveries beyond the first, of any record
}

// share of what was emitted during the outage that was lost.
func (r result) share() float64 {
	if r.inOutage == 0 {
		return 0
	}
	return float64(r.lostInIt) / float64(r.inOutage)
}

// audit compares the calls of a run with how often each record has arrived. The
// outage lasted from, until til.
func audit(calls []call, arrived map[int]int, from, til time.Time) result {
	var r result
	for _, c := range calls {
		if c.refused {
			r.refused++
			continue
		}
		r.emitted++
		during := !c.at.Before(from) && c.at.Before(til)
		lost := arrived[c.number] == 0
		if during {
			r.inOutage++
		}
		if lost {
			r.lost++
		}
		if during && lost {
			r.lostInIt++
		}
	}
	for _, times := range arrived {
		r.duplicates += times - 1
	}
	return r
}

// add sums two results of a library.
func (r result) add(o result) result {
	r.emitted += o.emitted
	r.refused += o.refused
	r.lost += o.lost
	r.inOutage += o.inOutage
	r.lostInIt += o.lostInIt
	r.late += o.late
	r.duplicates += o.duplicates
	return r
}
