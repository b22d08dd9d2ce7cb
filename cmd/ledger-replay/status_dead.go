package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// deadKind is what dead letters are counted by.
type deadKind struct{ destination, reason string }

// deadCollector is what is being found out about the dead letters.
type deadCollector struct {
	books  books
	st     deadStatus
	byKind map[deadKind]*deadReason
	// early are letters of records that no checkpoint calls dead, by destination.
	early map[string][]wal.Offset
}

// deadLetters finds out how the dead letters stand. It comes before the walk over the
// records: one that has a letter is not pending, whatever its checkpoint says, because
// that is how the next owner takes it (S1).
func (c *collector) deadLetters(ctx context.Context) error {
	cp := c.d.deadCheckpoint()
	dc := deadCollector{
		books: books{cp: cp, known: cp.Epoch != 0}, byKind: map[deadKind]*deadReason{}, early: map[string][]wal.Offset{},
	}
	j := c.d.deadLetters()
	sum, err := j.walk(ctx, func(f wal.Found) error {
		if f.Kind != wal.FoundRecord {
			return nil
		}
		// There is no ring before this log: no frame tells of evictions.
		waits, err := dc.books.record(f.Offset, func() (uint64, error) { return 0, nil })
		if waits {
			dc.take(f, c.ways)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, w := range c.ways {
		w.books.bury(dc.early[w.account.name])
	}
	c.d.damagedLetters(sum)
	c.st.DeadLetters = dc.finish(c.d, max(cp.Head, c.later()[sender.DeadLetters].Checkpoint.Head))
	c.st.DeadLetters.DiskBytes = sum.Bytes
	return nil
}

// take takes in a letter that waits.
func (dc *deadCollector) take(f wal.Found, ways []*way) {
	dc.st.Bytes += int64(len(f.Payload))
	_, l, err := otlp.SplitLetter(f.Payload)
	if err != nil {
		dc.st.Unreadable++
		return
	}
	for _, w := range ways {
		if o := wal.Offset(l.Offset); w.account.name == l.Destination && !w.books.settled(o) {
			dc.early[l.Destination] = append(dc.early[l.Destination], o)
		}
	}
	kind := deadKind{l.Destination, l.Reason}
	r := dc.byKind[kind]
	if r == nil {
		r = &deadReason{Destination: l.Destination, Reason: l.Reason, OldestAttempt: l.Last.UTC()}
		dc.byKind[kind] = r
	}
	r.Letters++
	if at := l.Last.UTC(); at.Before(r.OldestAttempt) {
		r.OldestAttempt = at
	}
}

// finish closes the books of the dead letters. Their log is one like the other: what is
// delivered in it was redriven, what is evicted was dropped, what is dead forgotten.
func (dc *deadCollector) finish(d *directory, settled wal.Offset) deadStatus {
	st := dc.st
	b, missing := dc.books.close(dc.books.through(), settled)
	st.Waiting, st.Redriven, st.Dropped, st.Forgotten, st.Lost = b.Pending, b.Delivered, b.Evicted, b.Dead, b.Lost
	if missing > 0 {
		d.found("missing_letters", "%s should be there and cannot be found", count(missing, "dead letter"))
	}
	if st.Unreadable > 0 {
		d.found("undecodable_letters", "%s cannot be decoded", count(st.Unreadable, "dead letter"))
	}
	st.ByReason = []deadReason{}
	for _, r := range dc.byKind {
		st.ByReason = append(st.ByReason, *r)
	}
	slices.SortFunc(st.ByReason, func(a, b deadReason) int {
		return cmp.Or(strings.Compare(a.Destination, b.Destination), strings.Compare(a.Reason, b.Reason))
	})
	return st
}
