package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// maxGroup is the number of records after which a group is not extended. It
// bounds how long the first append of a group waits for the last.
const maxGroup = 10_000

// A write is one call of Append, on its way to the writer.
type write struct {
	records []record.Record
	result  chan result // holds one, so that the writer never waits for a caller
}

type result struct {
	appended Appended
	err      error
}

// Appended says what became of the records of one append.
type Appended struct {
	Stored     int // stored by this append
	Duplicates int // stored before
}

// A writer owns the one connection that writes. Only its goroutine, run, and
// those that call it before and after run, touch the connection.
type writer struct {
	db     *sql.DB
	conn   *inserter // nil after a failure, until the next append
	logger *slog.Logger

	failing atomic.Bool   // the last group failed
	failed  int           // groups that failed since the last that did not
	done    chan struct{} // closed when run has returned
}

// newWriter opens the connection and makes the schema.
func newWriter(path string, logger *slog.Logger) (*writer, error) {
	db, err := openDB(path, writing, 1)
	if err != nil {
		return nil, err
	}
	w := &writer{db: db, logger: logger, done: make(chan struct{})}
	if err := w.prepare(context.Background()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return w, nil
}

func (w *writer) prepare(ctx context.Context) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	if err := migrate(ctx, conn); err != nil {
		return errors.Join(err, conn.Close())
	}
	// What an earlier process left in the write-ahead log may be there in memory
	// only, its fsync having failed. The checkpoint writes it to the database and
	// syncs that, so that nothing is ever appended behind it (D4).
	return errors.Join(checkpoint(ctx, conn), conn.Close())
}

// checkpoint moves all of the write-ahead log into the database.
func checkpoint(ctx context.Context, db rowQuerier) error {
	var busy, frames, moved int
	row := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if busy != 0 {
		return errors.New("checkpoint: the database is in use")
	}
	return nil
}

// run writes what arrives in queue until it is closed and empty.
func (w *writer) run(queue <-chan *write) {
	defer close(w.done)
	for first := range queue {
		group := gather(first, queue)
		results, err := w.commit(context.Background(), group)
		w.note(err)
		for i, a := range group {
			if err != nil {
				a.result <- result{err: fmt.Errorf("store: append: %w", err)}
				continue
			}
			a.result <- result{appended: results[i]}
		}
	}
}

// gather takes what waits behind first, without waiting for more.
func gather(first *write, queue <-chan *write) []*write {
	group, records := []*write{first}, len(first.records)
	for records < maxGroup {
		select {
		case a, ok := <-queue:
			if !ok {
				return group
			}
			group = append(group, a)
			records += len(a.records)
		default:
			return group
		}
	}
	return group
}

// commit stores a group in one transaction and returns what became of each
// append. It returns nil only when the transaction is on the disk (D1).
//
// A commit that failed may nevertheless have reached the disk, for instance
// when only its fsync failed. The sender is told that it failed and sends
// again, and the record IDs turn that into counted duplicates (D2).
func (w *writer) commit(ctx context.Context, group []*write) (_ []Appended, err error) {
	if w.conn == nil {
		if w.conn, err = newInserter(ctx, w.db); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil { // D4
			w.conn.discard()
			w.conn = nil
		}
	}()
	if err := w.conn.begin(ctx); err != nil {
		return nil, err
	}
	results := make([]Appended, len(group))
	for i, a := range group {
		for j := range a.records {
			fresh, err := w.conn.insert(ctx, &a.records[j])
			if err != nil {
				return nil, err
			}
			if fresh {
				results[i].Stored++
			} else {
				results[i].Duplicates++
			}
		}
	}
	return results, w.conn.commit(ctx, sum(results))
}

func sum(results []Appended) (total Appended) {
	for _, r := range results {
		total.Stored += r.Stored
		total.Duplicates += r.Duplicates
	}
	return total
}

// note writes one line when writing begins to fail and one when it works again,
// however many groups fail between.
func (w *writer) note(err error) {
	if err == nil {
		if w.failing.Swap(false) {
			w.logger.Warn("store: writing works again", "failed_writes", w.failed)
			w.failed = 0
		}
		return
	}
	w.failed++
	if !w.failing.Swap(true) {
		w.logger.Error("store: cannot write, senders are told to try again", "error", err)
	}
}

// close empties the write-ahead log into the database and closes it. It must
// not be called before run has returned, if run was started.
func (w *writer) close() error {
	var err error
	if w.conn != nil {
		err = w.conn.close()
	}
	return errors.Join(err, checkpoint(context.Background(), w.db), w.db.Close())
}
