package sender

import (
	"slices"
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// A flight is a batch on its way, from the moment it was read until it is settled.
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
	// attempts so far, when the first and the last began, and the round of the gate in
	// which the last one did.
	attempts    int
	first, last time.Time
	round       int
	// trial that the batch is a piece of, nil if none.
	trial *trial
	// suspect says that a hold began because of the batch, excused that it is not the
	// endpoint's fault whatever happens.
	suspect, excused bool
	// answer is why the batch was refused last.
	answer outcome
	// letter says that the records are dead letters, and the offsets theirs; walk is what
	// they were read for.
	letter bool
	walk   *redrive
}

// dropBody forgets the body, so that the next attempt makes one anew.
func (f *flight) dropBody() {
	f.make.retire(f.body)
	f.body = nil
}

type flightState uint8

const (
	flying    flightState = iota + 1 // an attempt is under way
	waiting                          // an attempt failed, or none was made yet
	done                             // delivered, not yet acked
	guilty                           // refused by itself; the trial is not over
	condemned                        // to be a dead letter, not durable yet
)

// window holds the flights in offset order. It knows which is to be sent next, and
// does nothing else.
type window struct {
	flights []*flight
	spare   []*flight // kept for their memory
	size    int
}

func newWindow(size int) *window { return &window{size: size} }

func (w *window) full() bool { return len(w.flights) >= w.size }

// next returns a flight to be filled and then pushed or returned.
func (w *window) next() *flight {
	if n := len(w.spare); n > 0 {
		f := w.spare[n-1]
		w.spare = w.spare[:n-1]
		return f
	}
	return &flight{}
}

// push adds a filled flight behind those with smaller offsets. Dead letters, whose offsets
// are of another log, go last.
func (w *window) push(f *flight) {
	f.state = waiting
	at := len(w.flights)
	for at > 0 && (w.flights[at-1].letter && !f.letter || w.flights[at-1].letter == f.letter && w.flights[at-1].batch.First() > f.batch.First()) {
		at--
	}
	w.flights = slices.Insert(w.flights, at, f)
}

// giveBack keeps a flight that is not in the window for its memory, unless a trial made
// more of them than are needed.
func (w *window) giveBack(f *flight) {
	if len(w.spare) >= w.size {
		return
	}
	f.batch.Reset()
	f.dropBody()
	*f = flight{batch: f.batch, make: f.make}
	w.spare = append(w.spare, f)
}

// oldestWaiting returns the first flight that has no attempt under way and is not
// decided, nil if there is none.
func (w *window) oldestWaiting() *flight {
	for _, f := range w.flights {
		if f.state == waiting {
			return f
		}
	}
	return nil
}

// remove takes a flight out of the window and keeps its memory.
func (w *window) remove(f *flight) {
	w.flights = slices.DeleteFunc(w.flights, func(g *flight) bool { return g == f })
	w.giveBack(f)
}

// in returns the flights in a state.
func (w *window) in(state flightState) []*flight {
	var out []*flight
	for _, f := range w.flights {
		if f.state == state {
			out = append(out, f)
		}
	}
	return out
}

// count returns how many flights match.
func (w *window) count(match func(*flight) bool) int {
	n := 0
	for _, f := range w.flights {
		if match(f) {
			n++
		}
	}
	return n
}

// counts returns how many flights are in a state.
func (w *window) counts(state flightState) int {
	return w.count(func(f *flight) bool { return f.state == state })
}

// flyingIn returns how many attempts of a round of the gate are under way.
func (w *window) flyingIn(round int) int {
	return w.count(func(f *flight) bool { return f.state == flying && f.round == round })
}

// letters returns how many flights carry dead letters.
func (w *window) letters() int { return w.count(func(f *flight) bool { return f.letter }) }

// split replaces a flight by pieces of it, which end before the given records and share
// its trial. The records keep their bytes and their order (S2).
func (w *window) split(f *flight, ends ...int) []*flight {
	var pieces []*flight
	from := 0
	for _, to := range append(ends, f.batch.Len()) {
		if to > from {
			p := w.next()
			carve(&p.batch, &f.batch, from, to)
			p.state, p.trial, p.letter = waiting, f.trial, f.letter
			p.walk, p.suspect, p.excused, p.answer = f.walk, f.suspect, f.excused, f.answer
			p.attempts, p.first, p.last = f.attempts, f.first, f.last
			pieces = append(pieces, p)
			from = to
		}
	}
	at := slices.Index(w.flights, f)
	w.flights = slices.Replace(w.flights, at, at+1, pieces...)
	w.giveBack(f)
	return pieces
}

// merge replaces flights, in the order of the window, by one with all their records. They
// belong to one batch, so they have one resource.
func (w *window) merge(pieces []*flight) *flight {
	all := w.next()
	for _, p := range pieces {
		b, start := &all.batch, len(all.batch.Data)
		if b.Len() == 0 {
			b.Epoch, b.Resource, b.Oldest = p.batch.Epoch, p.batch.Resource, p.batch.Oldest
		}
		b.Data = append(b.Data, p.batch.Data...)
		for _, e := range p.batch.Entries {
			b.Entries = append(b.Entries, wal.Entry{Offset: e.Offset, End: start + e.End})
		}
		all.attempts, all.first, all.last = max(all.attempts, p.attempts), p.first, p.last
		all.letter, all.walk = p.letter, p.walk
	}
	for _, p := range pieces {
		w.remove(p)
	}
	w.push(all)
	return all
}

// carve fills to with records [from, to) of a batch.
func carve(to, b *wal.Batch, from, end int) {
	to.Reset()
	to.Epoch, to.Resource, to.Oldest = b.Epoch, b.Resource, b.Oldest
	start := 0
	if from > 0 {
		start = b.Entries[from-1].End
	}
	to.Data = append(to.Data, b.Data[start:b.Entries[end-1].End]...)
	for _, e := range b.Entries[from:end] {
		to.Entries = append(to.Entries, wal.Entry{Offset: e.Offset, End: e.End - start})
	}
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

// chop takes the records after last out of a batch.
func chop(b *wal.Batch, last wal.Offset) {
	n := len(b.Entries)
	for n > 0 && b.Entries[n-1].Offset > last {
		n--
	}
	b.Entries = b.Entries[:n]
	end := 0
	if n > 0 {
		end = b.Entries[n-1].End
	}
	b.Data = b.Data[:end]
}
