package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// maxKnownResources bounds the memory of which resources are stored. A sender
// has one; only senders that change theirs with every request exceed it.
const maxKnownResources = 1024

const insertLog = `
INSERT INTO logs (
	id, time_ns, ingested_ns, resends, level, log_type, importance,
	service, environment, release, method, path, status_code, duration_ms,
	trace_id, span_id, sdk_version, platform, platform_version, resource_id,
	message, error_type, error_message, attributes, stack_trace
) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING`

// The resource may be there from before this program started: the update that
// changes nothing is what makes RETURNING answer in both cases.
const insertResource = `
INSERT INTO resources (hash, attributes) VALUES (?, ?)
ON CONFLICT (hash) DO UPDATE SET hash = excluded.hash
RETURNING id`

// An inserter is the writing connection with its statements prepared.
type inserter struct {
	conn      *sql.Conn
	log       *sql.Stmt
	resend    *sql.Stmt
	resource  *sql.Stmt
	count     *sql.Stmt
	resources map[[sha256.Size]byte]int64 // rows of the table that are committed or in this transaction
	last      *record.Resource            // the resource of the record before this one
	lastID    int64
}

func newInserter(ctx context.Context, db *sql.DB) (_ *inserter, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	in := &inserter{conn: conn, resources: make(map[[sha256.Size]byte]int64)}
	for _, s := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&in.log, insertLog},
		{&in.resend, `UPDATE logs SET resends = resends + 1 WHERE id = ?`},
		{&in.resource, insertResource},
		{&in.count, `UPDATE counters SET value = value + CASE name WHEN 'records' THEN ? WHEN 'duplicates' THEN ? ELSE 1 END`},
	} {
		if *s.to, err = conn.PrepareContext(ctx, s.sql); err != nil {
			in.discard()
			return nil, err
		}
	}
	return in, nil
}

func (in *inserter) begin(ctx context.Context) error {
	in.last = nil
	_, err := in.conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	return err
}

// commit adds to the counters and commits. One of them counts commits: without
// a change nothing is written, and an empty append would not probe the disk.
func (in *inserter) commit(ctx context.Context, a Appended) error {
	if _, err := in.count.ExecContext(ctx, a.Stored, a.Duplicates); err != nil {
		return err
	}
	_, err := in.conn.ExecContext(ctx, "COMMIT")
	return err
}

// insert stores r, or counts it as sent again if its ID is stored (D2).
func (in *inserter) insert(ctx context.Context, r *record.Record) (fresh bool, err error) {
	resource, err := in.resourceID(ctx, r.Resource)
	if err != nil {
		return false, err
	}
	var method, path, status, duration any // NULL unless the record is of a request
	if e := r.Endpoint; e != nil {
		method, path, status, duration = e.Method, e.Path, int64(e.StatusCode), e.DurationMS
	}
	res, err := in.log.ExecContext(ctx,
		r.ID, r.Time, r.Ingested, r.Level, r.Type, r.Importance,
		r.Service, r.Environment, r.Release, method, path, status, duration,
		r.TraceID, r.SpanID, r.SDKVersion, r.Platform, r.PlatformVersion, resource,
		r.Message, r.ErrorType, r.ErrorMessage, r.Attributes, r.StackTrace)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return true, err
	}
	_, err = in.resend.ExecContext(ctx, r.ID)
	return false, err
}

// resourceID returns the row of a resource, and makes it if there is none.
func (in *inserter) resourceID(ctx context.Context, r *record.Resource) (int64, error) {
	if r == in.last && r != nil {
		return in.lastID, nil
	}
	attributes := "{}"
	if r != nil {
		attributes = r.Attributes
	}
	hash := sha256.Sum256([]byte(attributes))
	id, known := in.resources[hash]
	if !known {
		if err := in.resource.QueryRowContext(ctx, hash[:], attributes).Scan(&id); err != nil {
			return 0, err
		}
		if len(in.resources) >= maxKnownResources {
			clear(in.resources)
		}
		in.resources[hash] = id
	}
	in.last, in.lastID = r, id
	return id, nil
}

// close closes the statements and gives the connection back.
func (in *inserter) close() error {
	return errors.Join(in.closeStatements(), in.conn.Close())
}

// discard closes the connection for good, whatever state it is in. What else
// goes wrong meanwhile is of no interest: the failure that led here is reported.
func (in *inserter) discard() {
	_, _ = in.conn.ExecContext(context.Background(), "ROLLBACK")
	_ = in.closeStatements()
	_ = in.conn.Raw(func(any) error { return driver.ErrBadConn }) // out of the pool, closed
	_ = in.conn.Close()
}

func (in *inserter) closeStatements() error {
	var errs []error
	for _, s := range []*sql.Stmt{in.log, in.resend, in.resource, in.count} {
		if s != nil { // not all are there if preparing failed
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}
