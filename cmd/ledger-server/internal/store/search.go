package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// maxPageBytes ends a page early: a thousand records at their limits would be
// hundreds of megabytes, and a page is held in memory.
const maxPageBytes = 32 << 20

// A Page is one answer to a query.
type Page struct {
	Records []record.Record // newest first
	Next    Position        // where the next page begins, for Query.Before; zero if there is none
	Total   *int64          // records that match, on all pages; nil unless asked for
}

const resourceOf = `(SELECT r.attributes FROM resources AS r WHERE r.id = logs.resource_id)`

const selectLog = `SELECT
	seq, id, time_ns, ingested_ns, resends, level, log_type, importance,
	service, environment, release, method, path, status_code, duration_ms,
	trace_id, span_id, sdk_version, platform, platform_version,
	message, error_type, error_message, attributes, stack_trace, ` + resourceOf + `
FROM logs`

// Search returns the newest records that match, at most q.Limit.
func (s *Store) Search(ctx context.Context, q Query) (Page, error) {
	where, args := q.where()
	page := Page{}
	if q.Count {
		page.Total = new(int64)
		row := s.readers.QueryRowContext(ctx, "SELECT count(*) FROM logs WHERE "+where, args...)
		if err := row.Scan(page.Total); err != nil {
			return Page{}, fmt.Errorf("store: count: %w", err)
		}
	}
	if q.Before.Seq != 0 {
		// The first comparison alone lets the index find the place (D5).
		where += " AND time_ns <= ? AND (time_ns < ? OR seq < ?)"
		args = append(args, q.Before.Time, q.Before.Time, q.Before.Seq)
	}
	rows, err := s.readers.QueryContext(ctx,
		selectLog+" WHERE "+where+" ORDER BY time_ns DESC, seq DESC LIMIT ?",
		append(args, q.Limit+1)...) // one more, to know whether there is more
	if err != nil {
		return Page{}, fmt.Errorf("store: search: %w", err)
	}
	if err := page.read(rows, q.Limit); err != nil {
		return Page{}, fmt.Errorf("store: search: %w", err)
	}
	return page, nil
}

// read fills the page from rows, which it closes, until it holds limit records
// or maxPageBytes, and notes where it stopped if there is more.
func (p *Page) read(rows *sql.Rows, limit int) error {
	defer rows.Close()
	var last Position
	size := 0
	for rows.Next() {
		r, at, err := scan(rows)
		if err != nil {
			return err
		}
		if size += r.Size(); len(p.Records) == limit || (size > maxPageBytes && len(p.Records) > 0) {
			p.Next = last
			return nil
		}
		p.Records = append(p.Records, r)
		last = at
	}
	return rows.Err()
}

// Get returns the record with this ID, or ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (record.Record, error) {
	r, _, err := scan(s.readers.QueryRowContext(ctx, selectLog+" WHERE id = ?", id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return record.Record{}, ErrNotFound
	case err != nil:
		return record.Record{}, fmt.Errorf("store: get: %w", err)
	}
	return r, nil
}

// scan reads what selectLog selects.
func scan(row interface{ Scan(...any) error }) (r record.Record, at Position, err error) {
	var (
		method, path sql.NullString
		status       sql.NullInt64
		duration     sql.NullFloat64
		resource     string
	)
	err = row.Scan(
		&at.Seq, &r.ID, &r.Time, &r.Ingested, &r.Resends, &r.Level, &r.Type, &r.Importance,
		&r.Service, &r.Environment, &r.Release, &method, &path, &status, &duration,
		&r.TraceID, &r.SpanID, &r.SDKVersion, &r.Platform, &r.PlatformVersion,
		&r.Message, &r.ErrorType, &r.ErrorMessage, &r.Attributes, &r.StackTrace, &resource)
	if err != nil {
		return r, at, err
	}
	at.Time = r.Time
	r.Resource = &record.Resource{Attributes: resource}
	if method.Valid {
		r.Endpoint = &record.Endpoint{
			Method: method.String, Path: path.String, StatusCode: int(status.Int64), DurationMS: duration.Float64,
		}
	}
	return r, at, nil
}
