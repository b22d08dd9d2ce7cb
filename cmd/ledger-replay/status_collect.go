package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/fsx"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// collect finds out everything that status says, in one walk over each log and in
// memory for one segment.
func collect(ctx context.Context, d *directory, now time.Time) (*status, error) {
	c := collector{
		d: d, byID: map[uint32]*resourceStatus{},
		st: &status{SchemaVersion: statusVersion, Dir: d.path, Time: now.UTC()},
	}
	for _, a := range d.accounts() {
		c.ways = append(c.ways, &way{
			account: a, books: books{cp: a.Checkpoint, known: a.known()},
			st: destinationStatus{Name: a.name, Start: a.Checkpoint.Start, Learned: a.Learned, Counters: a.Counters},
		})
	}
	for id, b := range d.state.Resources {
		c.resource(id).Attributes = jsonAttrs(resourceAttrs(b))
	}
	if err := c.deadLetters(ctx); err != nil {
		return nil, err
	}
	j := journal{dir: d.walDir()}
	sum, err := j.walk(ctx, c.take)
	if err != nil {
		return nil, err
	}
	d.damaged(sum)
	c.finish(sum)
	return c.st, c.measure()
}

type collector struct {
	d    *directory
	st   *status
	ways []*way // never empty
	byID map[uint32]*resourceStatus
}

// way is what is being found out about a destination.
type way struct {
	account account
	books   books
	st      destinationStatus
	pending bool // the record that is being looked at
}

func (c *collector) resource(id uint32) *resourceStatus {
	r := c.byID[id]
	if r == nil {
		r = &resourceStatus{ID: resourceID(id)}
		c.byID[id] = r
	}
	return r
}

// take takes in one finding of the walk.
func (c *collector) take(f wal.Found) error {
	switch f.Kind {
	case wal.FoundResource:
		if r := c.resource(f.Resource); r.Attributes == nil {
			r.Attributes = jsonAttrs(resourceAttrs(f.Payload))
		}
	case wal.FoundRecord:
		return c.record(f)
	case wal.FoundDamage, wal.FoundForeign, wal.FoundTorn: // The summary counts them.
	}
	return nil
}

func (c *collector) record(f wal.Found) error {
	r := c.resource(f.Resource)
	r.Records++
	pending := 0
	for _, w := range c.ways {
		var err error
		if w.pending, err = w.books.record(f.Offset, func() (uint64, error) { return skippedBefore(c.d, f) }); err != nil {
			return err
		}
		if !w.pending {
			continue
		}
		pending++
		if w.st.OldestPending == nil {
			w.st.OldestPending = &oldest{Offset: f.Offset, Time: f.Time.UTC(), AgeSeconds: c.st.Time.Sub(f.Time).Seconds()}
		}
	}
	if pending > 0 {
		r.Pending++
	}
	for _, w := range c.ways {
		if w.pending && pending < len(c.ways) {
			w.st.HoldsBack++
		}
	}
	return nil
}

// skippedBefore reads, from the frame of a record, how many offsets directly
// before it were evicted before they reached the log. A segment that is gone
// meanwhile says nothing.
func skippedBefore(d *directory, f wal.Found) (uint64, error) {
	from := int64(f.From)
	b, err := fsx.ReadAt(nil, filepath.Join(d.walDir(), f.Segment), from, from+frame.HeaderSize)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	h, _, ok := frame.Peek(b)
	if err == nil && (!ok || wal.Offset(h.Offset) != f.Offset) {
		err = fmt.Errorf("segment %s changed while it was read", f.Segment)
	}
	return uint64(h.Skipped), err
}

// finish closes the books.
func (c *collector) finish(sum wal.Summary) {
	d, st := c.d, c.st
	var last wal.Offset // What one destination was told of is there for all of them.
	for _, w := range c.ways {
		last = max(last, w.books.through())
	}
	later := c.later()
	var missing, synced uint64
	for i, w := range c.ways {
		var lost uint64
		settled := max(w.books.cp.Head, later[w.account.name].Checkpoint.Head)
		w.st.Records, lost = w.books.close(last, settled)
		w.st.Records.redrive(w.account.Counters.Redriven)
		w.st.Acked = w.books.head()
		w.st.AheadRecords, w.st.AheadRuns = w.books.ahead()
		missing = max(missing, lost)
		synced = max(synced, uint64(max(w.st.Acked, w.books.cp.Last)))
		if i == 0 || w.st.Acked < st.Offsets.Acked {
			st.Offsets.Acked = w.st.Acked
		}
		st.Destinations = append(st.Destinations, w.st)
	}
	if missing > 0 {
		d.found("missing_records", "%s should be in the log and cannot be found", count(missing, "record"))
	}
	st.Offsets.First, st.Offsets.Last = c.ways[0].books.first, last
	st.Offsets.Synced = last // What is on disk is what the next owner takes as synced.
	if d.hold != holdNone {
		st.Offsets.Synced = wal.Offset(synced)
	}
	st.OnDisk = sum.Records
	st.TornBytes = sum.TornBytes
	st.Disk.Segments, st.Disk.LogBytes = sum.Segments, sum.Bytes
	st.Log = logIdentity(d, sum.Epoch)
	st.Owner = owner{Holder: d.state.Holder}
	if d.hold != holdUnknown {
		live := d.hold == holdLive
		st.Owner.Live = &live
	}
	st.Resources = []resourceStatus{}
	for _, id := range slices.Sorted(maps.Keys(c.byID)) {
		st.Resources = append(st.Resources, *c.byID[id])
	}
}

// later returns the accounts as they are after the walk: what a live process removed
// meanwhile, it had settled. Nothing if no process is live.
func (c *collector) later() map[string]sender.AccountSnapshot {
	if d := c.d; d.hold != holdNone && d.known {
		if now, err := sender.ReadState(d.path); err == nil && now.Identity.Epoch == d.state.Identity.Epoch {
			return now.Accounts
		}
	}
	return nil
}

func logIdentity(d *directory, epoch uint64) identity {
	if epoch == 0 {
		epoch = d.state.Identity.Epoch
	}
	out := identity{Epoch: fmt.Sprintf("%016x", epoch)}
	if d.state.Identity.Epoch != 0 {
		out.ID = hex.EncodeToString(d.state.Identity.LogID[:])
		out.Created = d.state.Identity.Created
	}
	return out
}

// measure adds up the files.
func (c *collector) measure() error {
	disk := &c.st.Disk
	quarantine := filepath.Join(c.d.path, "quarantine")
	err := filepath.WalkDir(c.d.path, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // A live process may remove what it no longer needs.
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		disk.Bytes += info.Size()
		if filepath.Dir(path) == quarantine {
			disk.QuarantineFiles++
			disk.QuarantineBytes += info.Size()
		}
		return nil
	})
	if disk.QuarantineFiles > 0 {
		c.d.found("quarantine", "%s of damaged bytes in quarantine; remove them when you have looked at them", count(disk.QuarantineFiles, "file"))
	}
	c.st.Problems = append([]problem{}, c.d.problems...)
	return err
}
