package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"github.com/ledger-sdk/ledger-go/wal"
)

// errEnough ends a walk that has seen all it wants.
var errEnough = errors.New("enough")

// scan is one pass over the chosen records of a directory.
type scan struct {
	d       *directory
	sel     selection
	journal journal
	// resources that the log repeats, by id; they are missing in a lost state.db.
	resources map[uint32][]byte
	attrs     map[uint32][]slog.Attr // of the resources, decoded
	unread    int                    // chosen records that could not be decoded
}

func newScan(d *directory, sel selection) (*scan, error) {
	s := &scan{d: d, sel: sel, resources: map[uint32][]byte{}, attrs: map[uint32][]slog.Attr{}}
	if sel.dead {
		s.journal = d.deadLetters()
		return s, nil
	}
	var err error
	s.journal, err = d.records(sel.destination)
	return s, err
}

// run calls fn for every chosen record, in the order of offsets, and notes with
// the directory what was found damaged. Nothing of a record may be kept beyond the
// call.
func (s *scan) run(ctx context.Context, fn func(*record) error) error {
	if s.sel.last > 0 {
		if err := s.findLast(ctx); err != nil {
			return err
		}
	}
	n := 0
	sum, err := s.pass(ctx, func(r *record) error {
		if r.err != nil {
			s.unread++
		}
		if err := fn(r); err != nil {
			return err
		}
		if n++; n == s.sel.limit {
			return errEnough
		}
		return nil
	})
	if s.sel.dead {
		s.d.damagedLetters(sum)
	} else {
		s.d.damaged(sum)
	}
	if s.unread > 0 {
		s.d.found("undecodable_records", "%s cannot be decoded", count(s.unread, "record"))
	}
	return err
}

// findLast turns "the last N" into "from the N-th last on". It remembers N
// offsets and no record (R4).
func (s *scan) findLast(ctx context.Context) error {
	var ring []wal.Offset
	n := 0
	_, err := s.pass(ctx, func(r *record) error {
		if len(ring) < s.sel.last {
			ring = append(ring, r.offset)
		} else {
			ring[n%len(ring)] = r.offset
		}
		n++
		return nil
	})
	if n > 0 {
		s.sel.from = max(s.sel.from, ring[n%len(ring)])
	}
	s.sel.last = 0
	return err
}

// pass walks the log once.
func (s *scan) pass(ctx context.Context, fn func(*record) error) (wal.Summary, error) {
	sum, err := s.journal.walk(ctx, func(f wal.Found) error {
		switch f.Kind {
		case wal.FoundResource:
			if s.resources[f.Resource] == nil {
				s.resources[f.Resource] = append([]byte{}, f.Payload...)
			}
		case wal.FoundRecord:
			ok, ended := s.sel.reaches(f.Offset, &s.journal)
			if ended {
				return errEnough
			}
			if !ok {
				return nil
			}
			if r := decodeRecord(f, &s.journal); s.sel.matches(&r) {
				return fn(&r)
			}
		case wal.FoundDamage, wal.FoundForeign, wal.FoundTorn: // The summary counts them.
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return sum, err
}

// resource returns the bytes of a resource, nil if nobody knows it.
func (s *scan) resource(id uint32) []byte {
	if b, ok := s.d.state.Resources[id]; ok {
		return b
	}
	return s.resources[id]
}

// known returns resource as it is now, for use beside a pass that is running.
func (s *scan) known() func(id uint32) []byte {
	frozen := *s
	frozen.resources = maps.Clone(s.resources)
	return frozen.resource
}

// resourceAttrs returns a resource decoded, once for each.
func (s *scan) resourceAttrs(id uint32) []slog.Attr {
	attrs, ok := s.attrs[id]
	if !ok {
		if attrs = resourceAttrs(s.resource(id)); attrs != nil {
			s.attrs[id] = attrs
		}
	}
	return attrs
}
