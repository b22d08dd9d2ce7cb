package wal

import (
	"errors"
	"path/filepath"
	"sync"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// Log is a durable, segmented queue of records. Its methods are safe for
// concurrent use. Append, Sync, Heal, Reclaim and Close wait for each other;
// Read, Ack, Evict and the views never wait for them, so a slow disk delays
// neither the sender nor those who ask how it goes.
type Log struct {
	dir   string
	opts  Options
	seed  uint32 // of the frames' checksums
	files files

	// io serialises everything that touches the segment being written. It is
	// taken before mu and held across disk operations.
	io        sync.Mutex
	tail      writer // nil before the first append, and while poisoned
	create    func(dir string, index uint64) (writer, error)
	nextIndex uint64     // of the next segment
	unsynced  []*Run     // appended, not known to be on disk; rewritten by Heal. Changed under io and mu both
	idle      []*Run     // for reuse
	runSize   int        // of the last run that was written, in bytes
	stale     []*segment // failed, still holding what memory holds too
	dirDirty  bool       // a name in dir was made or removed and not synced
	reach     Offset     // the last one in any segment
	hasRes    map[uint32]bool
	poison    error // why nothing is written
	closed    bool

	mu        sync.Mutex
	readers   []*Reader  // never empty
	segments  []*segment // by index; offsets rise and do not overlap
	active    *segment   // the one behind tail
	written   Offset     // handed to the kernel
	synced    Offset     // the high-water mark
	exposed   Offset     // what may be read from memory while the log is poisoned
	skipped   uint64     // evictions before the log that frames told of since Open
	resources map[uint32][]byte
	changed   chan struct{} // closed when there is more to read
	faults    Faults
	faultErr  error // poison, for those who do not hold io
	recovery  Recovery
}

// Faults counts what went wrong with the disk since Open.
type Faults struct {
	// Writes and Syncs that failed, Heals that brought the log back.
	Writes uint64 `json:"writes"`
	Syncs  uint64 `json:"syncs"`
	Heals  uint64 `json:"heals"`
	// LostAtRead counts records that verified at Open and could not be read later.
	LostAtRead uint64 `json:"lost_at_read"`
}

// Open recovers the log in dir, which it makes if it is missing, and readies it
// for appending. It never changes a byte that verifies. The caller must hold a
// lock that keeps every other process from opening dir (W8).
//
// It fails only if the disk does, or if dir is not a directory of its own.
func Open(dir string, o Options) (*Log, error) { return open(dir, o, onDisk{}) }

func open(dir string, o Options, fs files) (*Log, error) {
	if o.Epoch == 0 {
		return nil, wrap("open", errors.New("epoch is 0"))
	}
	if o.SegmentSize <= 0 {
		o.SegmentSize = defaultSegmentSize
	}
	if o.QuarantineDir == "" {
		o.QuarantineDir = filepath.Join(filepath.Dir(dir), "quarantine")
	}
	l := &Log{
		dir: dir, opts: o, seed: frame.Seed(o.Epoch), files: fs, create: new(tails).create, nextIndex: 1,
		hasRes: map[uint32]bool{}, resources: map[uint32][]byte{},
		changed: make(chan struct{}),
	}
	if err := l.makeDir(dir); err != nil {
		return nil, wrap("open", err)
	}
	if err := l.recover(); err != nil {
		return nil, wrap("open", err)
	}
	return l, nil
}

// Close syncs what was appended and lets go of the files. If the log is poisoned
// it tries once to heal first; the error then says what could not be saved.
// Calling it again returns nil.
func (l *Log) Close() error {
	l.io.Lock()
	defer l.io.Unlock()
	if l.closed {
		return nil
	}
	err := l.syncLocked()
	if l.poison != nil {
		err = l.healLocked()
	}
	l.closed = true
	if l.tail != nil {
		err = errors.Join(err, l.tail.close())
		l.tail = nil
	}
	return wrap("close", err)
}

// SetResource gives the bytes that the resource id stands for, to be repeated in
// every segment that refers to it. b is kept and must not change.
func (l *Log) SetResource(id uint32, b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resources[id] = b
}

// Resource returns the bytes that id stands for, nil if neither SetResource nor
// any segment told. The caller must not change them.
func (l *Log) Resource(id uint32) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.resources[id]
}

// Next returns the offset that the next record must get (W1).
func (l *Log) Next() Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last() + 1
}

// Synced returns the high-water mark: nothing after it is read (W4), but for what
// [Log.Expose] says.
func (l *Log) Synced() Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.synced
}

// Head returns the offset up to which every record is settled for every reader.
func (l *Log) Head() Offset {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head()
}

// Changed returns a channel that is closed when there next is more to read.
// Fetch it before looking at the log, or a move in between is missed.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Stats is a view of the log at one moment. The embedded books are those of the first
// reader: Last = Delivered + Pending + Evicted + Lost + Dead (L2).
type Stats struct {
	ReaderStats
	Last, Synced Offset
	// Skipped is the part of Evicted that was evicted before it reached the log
	// since Open.
	Skipped uint64
	// DiskBytes is the size of all segments, Segments their number.
	DiskBytes int64
	Segments  int
	Faults    Faults
	// Err is why nothing can be written at the moment, nil if all is well.
	Err error
}

// Stats returns a consistent view. It does not wait for the disk.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{
		ReaderStats: l.readers[0].stats(), Last: l.last(), Synced: l.synced,
		Skipped: l.skipped, Segments: len(l.segments), Faults: l.faults, Err: l.faultErr,
	}
	for _, seg := range l.segments {
		s.DiskBytes += max(seg.bytes, seg.wrote.bytes)
	}
	return s
}

// Recovery returns what Open found.
func (l *Log) Recovery() Recovery { return l.recovery }
