package wal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// Recovery reports what Open found and did.
type Recovery struct {
	// Segments and Records that verified; Bytes is what they occupy.
	Segments int    `json:"segments"`
	Records  uint64 `json:"records"`
	Bytes    int64  `json:"bytes"`
	// Pending is the part of Records that is still to be delivered.
	Pending uint64 `json:"pending"`
	// TornBytes were cut off segments whose writer died in the middle of a write.
	TornBytes int64 `json:"torn_bytes"`
	// QuarantinedBytes failed their checksum, ForeignBytes belong to another log.
	// Both were moved to quarantine.
	QuarantinedBytes int64 `json:"quarantined_bytes"`
	ForeignBytes     int64 `json:"foreign_bytes"`
	// Lost counts the offsets that should have held a pending record and do not.
	Lost uint64 `json:"lost"`
	// Took is the time it needed.
	Took time.Duration `json:"took_ns"`
}

// span is a dense run of offsets that verified in one segment. skipped is what
// its first frame says of the offsets before it.
type span struct {
	from, to Offset
	skipped  uint32
}

// scanned is one segment as recovery found it.
type scanned struct {
	seg      *segment // nil if nothing is left in it
	spans    []span
	declared Offset // highest offset that a damaged block was written with
	lowest   Offset // lowest such offset
	failed   error  // of the cut of its torn end
}

// recover reads every segment, sets aside what is damaged, cuts what is torn and
// builds the books. It never appends to a file of an earlier process: the next
// append starts a segment.
func (l *Log) recover() error {
	start := time.Now()
	if err := l.setAsideStrangers(); err != nil {
		return err
	}
	paths, err := segmentPaths(l.dir)
	if err != nil {
		return err
	}
	var found []scanned
	var buf []byte
	for _, p := range paths {
		b, err := fsx.ReadAt(buf[:0], p.path, 0, p.size)
		if err != nil {
			return err
		}
		buf = b
		sc := l.scanSegment(p, b)
		if sc.failed != nil && !outOfSpace(sc.failed) {
			return sc.failed
		}
		l.nextIndex = max(l.nextIndex, p.index+max(sc.seg.entries, 1))
		if sc.seg.records == 0 && !sc.seg.damaged {
			if err := l.files.remove(p.path); err != nil {
				return err
			}
			l.dirDirty = true
			sc.seg = nil
		}
		found = append(found, sc)
	}
	l.buildBooks(found)
	err = l.harden()
	l.recovery.Took = time.Since(start)
	return err
}

// harden makes what was found durable: Open takes it for synced (W2, W3), and the
// process that wrote it may have been killed before it synced. Nothing in a segment
// says whether it was, and to sync one that was costs next to nothing.
func (l *Log) harden() error {
	found := false
	for _, s := range l.segments {
		if s.records == 0 || s.last <= l.head() {
			continue
		}
		if err := l.files.sync(s.path); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return nil
	}
	return l.files.syncDir(l.dir)
}

type segmentPath struct {
	path  string
	index uint64
	size  int64
}

// segmentPaths lists the segments of dir by index.
func segmentPaths(dir string) ([]segmentPath, error) {
	entries, err := os.ReadDir(dir) // Sorted by name, which is by index.
	if err != nil {
		return nil, err
	}
	var paths []segmentPath
	for _, e := range entries {
		index, ok := segmentIndex(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue // Reclaimed by a live process meanwhile.
		}
		if err != nil {
			return nil, err
		}
		paths = append(paths, segmentPath{filepath.Join(dir, e.Name()), index, info.Size()})
	}
	return paths, nil
}

// setAsideStrangers moves away files that the underlying log would take for the
// remains of a truncation and act upon by deleting segments. This package never
// makes any.
func (l *Log) setAsideStrangers() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".START") && !strings.HasSuffix(e.Name(), ".END") {
			continue
		}
		if err := l.makeDir(l.opts.QuarantineDir); err != nil {
			return err
		}
		to, err := fsx.Unused(filepath.Join(l.opts.QuarantineDir, e.Name()))
		if err == nil {
			err = l.files.rename(filepath.Join(l.dir, e.Name()), to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// scanSegment walks one segment, whose bytes are b.
func (l *Log) scanSegment(p segmentPath, b []byte) scanned {
	out := scanned{seg: &segment{index: p.index, path: p.path}}
	s := newScanner(l.opts.Epoch)
	s.b = b
	end := int64(len(b))
	for it := s.next(); it.kind != itemEnd; it = s.next() {
		switch it.kind {
		case itemFrame:
			out.addFrame(it)
		case itemResource:
			l.resources[it.head.Resource] = append([]byte(nil), it.payload...)
		case itemDamage:
			l.recovery.QuarantinedBytes += int64(it.to - it.from)
			l.quarantine(out.seg, b, it.from, it.to)
			out.addDamage(it.block)
		case itemForeign:
			l.recovery.ForeignBytes += int64(it.to - it.from)
			l.quarantine(out.seg, b, it.from, it.to)
		case itemTorn:
			l.recovery.TornBytes += int64(it.to - it.from)
			end = int64(it.from)
			// A disk that is full may leave it: what is torn is passed over again. Any
			// other failure may be that of a sync, after which no sync says anything
			// of this file (W6).
			if out.failed = l.files.cut(p.path, end); out.failed != nil {
				end = p.size
			}
		case itemEnd:
		}
	}
	out.seg.entries = s.blocks
	out.seg.bytes = end
	return out
}

func (sc *scanned) addFrame(it item) {
	o := Offset(it.head.Offset)
	if o <= sc.seg.last {
		return // A copy of a frame that was found before: the first one stands.
	}
	sc.seg.add(it.head, frame.Size(len(it.payload)))
	if n := len(sc.spans); n > 0 && sc.spans[n-1].to+1 == o {
		sc.spans[n-1].to = o
		return
	}
	sc.spans = append(sc.spans, span{o, o, it.head.Skipped})
}

// addDamage notes which offsets the damaged block was written with: they are not
// used again, and those that are missing are lost.
func (sc *scanned) addDamage(h blockHeader) {
	if h.base == 0 {
		return
	}
	sc.declared = max(sc.declared, h.last())
	if sc.lowest == 0 || h.base < sc.lowest {
		sc.lowest = h.base
	}
}

// buildBooks enters what the segments hold, for every reader.
func (l *Log) buildBooks(found []scanned) {
	first := Offset(0)
	for _, cp := range l.checkpoints() {
		if cp.Epoch == l.opts.Epoch && (first == 0 || cp.Head+1 < first) {
			first = cp.Head + 1
		}
	}
	joins := first > 0 // Whoever is not known joins those who are.
	highest := merge(found, max(first, 1)-1)
	var declared, read, lowest Offset
	for _, f := range slices.Backward(found) {
		declared = max(declared, f.declared)
		if f.lowest > 0 {
			lowest = f.lowest
		}
		if len(f.spans) > 0 {
			read = f.spans[0].from
		}
	}
	if !joins {
		// Nothing says what became of the offsets before the first that is left. A
		// segment goes only when it is settled (W5), so they are.
		first = max(firstOffset(read, lowest), 1)
	}
	for _, f := range found {
		if f.seg == nil {
			continue
		}
		l.segments = append(l.segments, f.seg)
		l.recovery.Segments++
		l.recovery.Records += f.seg.records
		l.recovery.Bytes += f.seg.bytes
	}
	end := max(declared, highest)
	for _, cp := range l.checkpoints() {
		if cp.Epoch == l.opts.Epoch {
			end = max(end, cp.Last, cp.Head)
		}
	}
	for _, cp := range l.checkpoints() {
		r := &Reader{log: l}
		if cp.Epoch != l.opts.Epoch {
			cp = Checkpoint{Head: first - 1}
			if joins {
				cp.Start = cp.Head
			}
		} else {
			r.durable = cp.Head
		}
		before := cp.Lost
		r.books = newTally(cp)
		for _, f := range found {
			for _, s := range f.spans {
				r.books.addSpan(s)
			}
		}
		r.books.addHole(r.books.last+1, end, lost)
		for _, done := range cp.Settled {
			r.books.mark(done.From, done.To, done.fate())
		}
		r.books.building = false
		r.books.absorb()
		l.readers = append(l.readers, r)
		by, pending := r.books.totals()
		l.recovery.Pending = max(l.recovery.Pending, pending)
		l.recovery.Lost = max(l.recovery.Lost, by[lost]-before)
	}
	l.written, l.synced, l.reach = l.last(), l.last(), l.last()
	l.markSettled()
}

// checkpoints are those of all readers.
func (l *Log) checkpoints() []Checkpoint {
	return append([]Checkpoint{l.opts.Checkpoint}, l.opts.Readers...)
}

// firstOffset returns the first offset of the log: that of the first record that
// was read, or of one before it that was damaged. 0 is none.
func firstOffset(read, damaged Offset) Offset {
	if read == 0 || (damaged > 0 && damaged < read) {
		return damaged
	}
	return read
}

// addSpan enters a run of records that verified. The offsets between it and what
// came before are evictions as far as its first frame says so, and losses beyond.
func (t *tally) addSpan(s span) {
	if s.to <= t.last {
		return
	}
	if s.from > t.last {
		gap := s.from - 1 - t.last
		skipped := min(Offset(s.skipped), gap)
		t.addHole(t.last+1, s.from-1-skipped, lost)
		t.addHole(s.from-skipped, s.from-1, evicted)
	}
	t.last = max(t.last, s.to)
}
