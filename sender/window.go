package sender

import (
	"slices"

	"github.com/ledger-sdk/ledger-go/wal"
)

// A flight is a batch on its way, from the moment it was read until it is acked.
//
// The loop owns it, except while it is flying: then the goroutine of its attempt
// does, and the loop only reads batch.
type flight struct {
	batch wal.Batch
	state flightState
	// body is the request body, the same for every attempt (S2). It is made by the
	// first attempt, and nil before.
	body *body
	make builder
	// attempts so far, and the round of the gate in which the last one began.
	attempts int
	round    int
}

// dropBody forgets the body, so that the next attempt makes one anew.
func (f *flight) dropBody() {
	f.make.retire(f.body)
	f.body = nil
}

type flightState uint8

const (
	flying  flightState = iota + 1 // an attempt is under way
	waiting                        // an attempt failed, or none was made yet
	done                           // delivered, not yet acked because one before it is not
)

// window holds the flights in offset order. It decides what may be acked (S1) and
// what is sent next, and does nothing else.
type window struct {
	flights []*flight
	spare   []*flight // kept for their memory
	size    int
}

func newWindow(size int) *window { return &window{size: size} }

func (w *window) full() bool { return len(w.flights) >= w.size }

// next returns an empty flight, to be filled and then pushed or returned.
func (w *window) next() *flight {
	if n := len(w.spare); n > 0 {
		f := w.spare[n-1]
		w.spare = w.spare[:n-1]
		return f
	}
	return &flight{}
}

// push adds a filled flight behind the others.
func (w *window) push(f *flight) {
	f.state = waiting
	w.flights = append(w.flights, f)
}

// giveBack keeps a flight that is not in the window for its memory.
func (w *window) giveBack(f *flight) {
	f.batch.Reset()
	f.dropBody()
	f.state, f.attempts, f.round = 0, 0, 0
	w.spare = append(w.spare, f)
}

// oldestWaiting returns the first flight that has no attempt under way and is not
// done, nil if there is none.
func (w *window) oldestWaiting() *flight {
	for _, f := range w.flights {
		if f.state == waiting {
			return f
		}
	}
	return nil
}

// remove takes a flight out of the window whose records are all evicted.
func (w *window) remove(f *flight) {
	w.flights = slices.DeleteFunc(w.flights, func(g *flight) bool { return g == f })
	w.giveBack(f)
}

// popDone takes the first flight out if it is done, so that batches come out in
// offset order whatever the order of their answers. It returns nil otherwise.
// The flight is to be given back.
func (w *window) popDone() *flight {
	if len(w.flights) == 0 || w.flights[0].state != done {
		return nil
	}
	f := w.flights[0]
	w.flights = slices.Delete(w.flights, 0, 1)
	return f
}

// count returns how many flights are in a state.
func (w *window) count(state flightState) int {
	n := 0
	for _, f := range w.flights {
		if f.state == state {
			n++
		}
	}
	return n
}

// flyingIn returns how many attempts of a round of the gate are under way.
func (w *window) flyingIn(round int) int {
	n := 0
	for _, f := range w.flights {
		if f.state == flying && f.round == round {
			n++
		}
	}
	return n
}

// cut takes the records at and before head, which were evicted, out of a batch.
// What stays keeps its bytes and its order (S2). It reports whether it changed
// anything.
func cut(b *wal.Batch, head wal.Offset) bool {
	gone, start := 0, 0
	for gone < len(b.Entries) && b.Entries[gone].Offset <= head {
		start = b.Entries[gone].End
		gone++
	}
	if gone == 0 {
		return false
	}
	b.Entries = slices.Delete(b.Entries, 0, gone)
	b.Data = slices.Delete(b.Data, 0, start)
	for i := range b.Entries {
		b.Entries[i].End -= start
	}
	return true
}
