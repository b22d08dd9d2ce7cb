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

// collect finds out everything that status says, in one walk over the log and in
// memory for one segment.
func collect(ctx context.Context, d *directory, now time.Time) (*status, error) {
	c := collector{
		d:     d,
		books: books{cp: d.state.Checkpoint, known: d.known},
		byID:  map[uint32]*resourceStatus{},
		st:    &status{SchemaVersion: schemaVersion, Dir: d.path, Time: now.UTC()},
	}
	if !d.known {
		c.books.cp = wal.Checkpoint{}
	}
	for id, b := range d.state.Resources {
		c.resource(id).Attributes = jsonAttrs(resourceAttrs(b))
	}
	sum, err := d.walk(ctx, c.take)
	if err != nil {
		return nil, err
	}
	d.damaged(sum)
	c.finish(sum)
	return c.st, c.measure()
}

type collector struct {
	d     *directory
	st    *status
	books books
	byID  map[uint32]*resourceStatus
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
		r := c.resource(f.Resource)
		r.Records++
		if err := c.books.record(f.Offset, func() (uint64, error) { return skippedBefore(c.d, f) }); err != nil {
			return err
		}
		if f.Offset <= c.books.cp.Head {
			return nil
		}
		r.Pending++
		if c.st.OldestPending == nil {
			c.st.OldestPending = &oldest{Offset: f.Offset, Time: f.Time.UTC(), AgeSeconds: c.st.Time.Sub(f.Time).Seconds()}
		}
	case wal.FoundDamage, wal.FoundForeign, wal.FoundTorn: // The summary counts them.
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
	settled := c.books.cp.Head
	if d.hold != holdNone && d.known {
		// Read after the walk: what the process removed meanwhile, it had settled.
		if later, err := sender.ReadState(d.path); err == nil && later.Identity.Epoch == d.state.Identity.Epoch {
			settled = max(settled, later.Checkpoint.Head)
		}
	}
	var missing uint64
	st.Records, missing = c.books.close(settled)
	if missing > 0 {
		d.found("missing_records", "%s should be in the log and cannot be found", count(missing, "record"))
	}
	acked := c.books.head()
	st.Offsets = offsets{First: c.books.first, Last: wal.Offset(st.Records.Accepted), Acked: acked}
	st.Offsets.Synced = st.Offsets.Last // What is on disk is what the next owner takes as synced.
	if d.hold != holdNone {
		st.Offsets.Synced = max(acked, c.books.cp.Last)
	}
	st.OnDisk = c.books.onDisk
	st.TornBytes = sum.TornBytes
	st.Disk.Segments, st.Disk.LogBytes = sum.Segments, sum.Bytes
	st.Counters = d.state.Counters
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
