package wal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// Found is one finding of [Walk].
type Found struct {
	Kind FoundKind
	// Offset, Time of admission, Resource and Payload of a record. The payload is
	// valid only during the call.
	Offset   Offset
	Time     time.Time
	Resource uint32
	Payload  []byte
	// Segment is the file's name; the finding is its bytes [From, To).
	Segment  string
	From, To int
}

// FoundKind says what was found.
type FoundKind uint8

const (
	// FoundRecord is a whole record.
	FoundRecord FoundKind = iota + 1
	// FoundResource holds, in Payload, the bytes that Resource refers to.
	FoundResource
	// FoundDamage are bytes that fail their checksum; Payload holds them.
	FoundDamage
	// FoundForeign are bytes of another log; Payload holds them.
	FoundForeign
	// FoundTorn is the unfinished end of a segment.
	FoundTorn
)

// Summary is what [Walk] saw.
type Summary struct {
	Epoch        uint64 `json:"epoch"`
	Segments     int    `json:"segments"`
	Bytes        int64  `json:"bytes"`
	Records      uint64 `json:"records"`
	First        Offset `json:"first"`
	Last         Offset `json:"last"`
	Missing      uint64 `json:"missing"` // offsets between First and Last without a record
	DamagedBytes int64  `json:"damaged_bytes"`
	ForeignBytes int64  `json:"foreign_bytes"`
	TornBytes    int64  `json:"torn_bytes"`
}

// Walk reads the log in dir from the first segment to the last and calls fn for
// all it finds, records in the order of their offsets. It changes nothing and
// needs no lock, so it may run beside the process that owns the log: it then sees
// what that process has written so far. An error of fn ends the walk and is
// returned as it is. A directory that does not exist is an empty log.
func Walk(dir string, fn func(Found) error) (Summary, error) {
	var sum Summary
	paths, epoch, err := listSegments(dir, 0)
	if err != nil {
		return sum, err
	}
	sum.Epoch = epoch
	w := walker{sum: &sum, fn: fn, scan: newScanner(epoch)}
	found := make([]scanned, len(paths))
	for i, p := range paths {
		if found[i], err = w.look(p); err != nil {
			return sum, wrap("walk", err)
		}
	}
	merge(found, 0)
	for i, p := range paths {
		if err := w.segment(p, found[i].spans); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

type walker struct {
	sum  *Summary
	fn   func(Found) error
	scan scanner
	buf  []byte
	last Offset // of the records reported so far
}

// look returns the offsets that a segment holds, none if it was reclaimed by now.
func (w *walker) look(p segmentPath) (scanned, error) {
	out := scanned{seg: &segment{index: p.index}}
	b, err := fsx.ReadAt(w.buf[:0], p.path, 0, p.size)
	w.buf = b
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	s := scanner{b: b, epoch: w.scan.epoch, seed: w.scan.seed}
	for it := s.next(); it.kind != itemEnd; it = s.next() {
		if it.kind == itemFrame {
			out.addFrame(it)
		}
	}
	return out, err
}

// segment reports what is in one segment, of its records those of spans: another
// segment holds the others.
func (w *walker) segment(p segmentPath, spans []span) error {
	b, err := fsx.ReadAt(w.buf[:0], p.path, 0, p.size)
	w.buf = b
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Reclaimed by the process that owns the log.
	}
	if err != nil {
		return wrap("walk", err)
	}
	w.sum.Segments++
	w.sum.Bytes += int64(len(b))
	s := scanner{b: b, epoch: w.scan.epoch, seed: w.scan.seed}
	for it := s.next(); it.kind != itemEnd; it = s.next() {
		f := Found{Segment: filepath.Base(p.path), From: it.from, To: it.to, Payload: b[it.from:it.to]}
		switch it.kind {
		case itemFrame:
			o := Offset(it.head.Offset)
			in := func(s span) bool { return s.from <= o && o <= s.to }
			if o <= w.last || !slices.ContainsFunc(spans, in) {
				continue
			}
			w.count(o)
			f.Kind, f.Offset, f.Time = FoundRecord, o, time.Unix(0, it.head.Time)
			f.Resource, f.Payload = it.head.Resource, it.payload
		case itemResource:
			f.Kind, f.Resource, f.Payload = FoundResource, it.head.Resource, it.payload
		case itemDamage:
			f.Kind = FoundDamage
			w.sum.DamagedBytes += int64(it.to - it.from)
		case itemForeign:
			f.Kind = FoundForeign
			w.sum.ForeignBytes += int64(it.to - it.from)
		case itemTorn:
			f.Kind = FoundTorn
			w.sum.TornBytes += int64(it.to - it.from)
		case itemEnd:
		}
		if err := w.fn(f); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) count(o Offset) {
	if w.sum.First == 0 {
		w.sum.First = o
	} else {
		w.sum.Missing += uint64(o - w.last - 1)
	}
	w.sum.Records++
	w.sum.Last, w.last = o, o
}
