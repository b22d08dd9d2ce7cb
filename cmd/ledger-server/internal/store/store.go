package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// Errors that callers tell apart.
var (
	// ErrBusy means that too many appends wait already; try again soon.
	ErrBusy = errors.New("store: too many appends waiting")
	// ErrClosed means that the store takes no more appends.
	ErrClosed = errors.New("store: closed")
	// ErrNotFound means that no record has the ID asked for.
	ErrNotFound = errors.New("store: no such record")
)

// Options tune a store. The zero value is the documented default.
type Options struct {
	Queue   int          // appends that may wait for the writer; default 128
	Readers int          // connections for queries; default the number of CPUs, at least 2
	Logger  *slog.Logger // first failure and recovery of writing; nil discards
}

func (o Options) withDefaults() Options {
	if o.Queue <= 0 {
		o.Queue = 128
	}
	if o.Readers <= 0 {
		o.Readers = max(2, runtime.NumCPU())
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// A Store is an open database. Its methods may be called concurrently.
type Store struct {
	path    string
	readers *sql.DB
	anchor  *sql.Conn // one of readers, for as long as the store is open; see anchored
	writer  *writer

	mu     sync.RWMutex // guards closed, and the queue against being closed under a sender
	closed bool
	queue  chan *write
}

// Open opens the database at path, or makes it and the directories above it.
// It refuses a symbolic link, a database that is not a ledger-server's, and one
// written by a newer version. Close must be called.
func Open(path string, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	abs, err := prepareFile(path)
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	w, err := newWriter(abs, opts.Logger)
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	readers, anchor, err := anchored(abs, opts.Readers)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", path, err), w.close())
	}
	s := &Store{path: abs, readers: readers, anchor: anchor, writer: w, queue: make(chan *write, opts.Queue)}
	go w.run(s.queue)
	return s, nil
}

// Close takes no more appends, finishes those that wait, moves the write-ahead
// log into the database and closes it. Queries under way fail. A second call
// does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.mu.Unlock()

	<-s.writer.done
	// The readers go first: the last connection to close is the one that can
	// empty the write-ahead log and remove it.
	if err := errors.Join(s.anchor.Close(), s.readers.Close(), s.writer.close()); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// Append stores the records that are not stored yet and returns when they are
// on the disk (D1). The store keeps the slice and what it refers to until then,
// and may still do so after ctx has ended: the caller must not change it again.
//
// It returns ErrBusy at once if the queue is full, ErrClosed after Close, ctx's
// error if that ends first, in which case the records may be stored or not, and
// the database's error if the write failed, in which case none is.
func (s *Store) Append(ctx context.Context, records []record.Record) (Appended, error) {
	a := &write{records: records, result: make(chan result, 1)}
	if err := s.enqueue(a); err != nil {
		return Appended{}, err
	}
	select {
	case r := <-a.result:
		return r.appended, r.err
	case <-ctx.Done():
		return Appended{}, fmt.Errorf("store: append: %w", context.Cause(ctx))
	}
}

func (s *Store) enqueue(a *write) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	select {
	case s.queue <- a:
		return nil
	default:
		return ErrBusy
	}
}

// Ready returns nil if the store can write and read. After a failed write it
// finds out by writing: a store that waits for the next append to prove that it
// healed would never be sent one.
func (s *Store) Ready(ctx context.Context) error {
	if s.writer.failing.Load() {
		if _, err := s.Append(ctx, nil); err != nil {
			return err
		}
	}
	_, err := s.Stats(ctx)
	return err
}
