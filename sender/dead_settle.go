package sender

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ledger-sdk/ledger-go/wal"
)

// Reconcile brings the books of a destination up to the letters: a process may have died
// when they were durable, and before it could say that their records need nothing else any
// more (S1). They are dead from here on, and counted as that (L2). An error is one of the
// disk: it is to be done again by the next process.
func (d *DeadLog) Reconcile(r *wal.Reader, a *Account) error {
	if letters := d.Pending(a.name, r.Head()); letters.Len() > 0 {
		r.Bury(letters)
	}
	c := a.Counters()
	counted, all := c.Rejected+c.TooLarge+c.Partial+c.Quota, r.Stats().Dead
	if all <= counted {
		return nil
	}
	missing, err := d.latest(a.name, int(all-counted))
	return errors.Join(err, a.Save(r.Checkpoint(), missing))
}

// latest counts the last n letters of a destination by reason. Those that are not there
// any more count as rejected.
func (d *DeadLog) latest(destination string, n int) (Counters, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	err := d.each(0, 0, func(_ wal.Offset, l DeadLetter) {
		if l.Destination == destination {
			all = append(all, l.Reason)
		}
	})
	all = all[max(len(all)-n, 0):]
	c := Counters{Rejected: uint64(n - len(all))}
	for _, reason := range all {
		*c.dead(reason)++
	}
	return c, err
}

// Pending returns the offsets of the records of a destination after head that have a
// letter, as a batch without bytes.
func (d *DeadLog) Pending(destination string, head wal.Offset) *wal.Batch {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := new(wal.Batch)
	for l := range d.seen {
		if o := wal.Offset(l.offset); l.destination == destination && o > head {
			b.Entries = append(b.Entries, wal.Entry{Offset: o})
		}
	}
	slices.SortFunc(b.Entries, func(a, b wal.Entry) int { return cmp.Compare(a.Offset, b.Offset) })
	return b
}

// redriven takes letters away whose records a server has after all, and counts them for
// the destination in the same transaction. After an error it is to be called again.
func (d *DeadLog) redriven(b *wal.Batch, destination string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var gone wal.Batch // Those that are left of them, if this is not the first time.
	err := d.each(b.First()-1, b.Last(), func(at wal.Offset, l DeadLetter) {
		if _, ok := slices.BinarySearchFunc(b.Entries, at, func(e wal.Entry, o wal.Offset) int {
			return cmp.Compare(e.Offset, o)
		}); ok {
			d.known[letterKind{l.Destination, l.Reason}]--
			delete(d.seen, letterOf{l.Destination, l.Offset})
			gone.Entries = append(gone.Entries, wal.Entry{Offset: at})
		}
	})
	d.log.Reader(0).Ack(&gone)
	d.owed[destination] += uint64(gone.Len())
	return errors.Join(err, d.store())
}

// saveLetters stores the checkpoint of the dead letters and counts those that were
// delivered, by destination, in one transaction: the books of all agree across a crash
// (L2).
func (s *State) saveLetters(cp wal.Checkpoint, delivered map[string]uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	letters := s.account(DeadLetters)
	letters.checkpoint = cp
	changed := map[string]account{DeadLetters: letters}
	for name, n := range delivered {
		to := s.account(name)
		to.counters.Redriven += n
		changed[name] = to
	}
	if err := s.writeAccounts(changed); err != nil {
		return fmt.Errorf("sender: save dead letters: %w", err)
	}
	return nil
}
