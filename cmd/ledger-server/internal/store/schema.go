package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	applicationID = 0x4C444752 // "LDGR", so that file(1) and we know our databases
	schemaVersion = 1
)

// schema is version 1. Columns that filters read stand before the long ones, so
// that a scan does not have to walk through them. resends stands there too: it
// is rewritten in place.
const schema = `
CREATE TABLE resources (
	id         INTEGER PRIMARY KEY,
	hash       BLOB NOT NULL UNIQUE,
	attributes TEXT NOT NULL
) STRICT;

CREATE TABLE logs (
	seq              INTEGER PRIMARY KEY,
	id               TEXT NOT NULL UNIQUE,
	time_ns          INTEGER NOT NULL,
	ingested_ns      INTEGER NOT NULL,
	resends          INTEGER NOT NULL,
	level            TEXT NOT NULL,
	log_type         TEXT NOT NULL,
	importance       TEXT NOT NULL,
	service          TEXT NOT NULL,
	environment      TEXT NOT NULL,
	release          TEXT NOT NULL,
	method           TEXT,
	path             TEXT,
	status_code      INTEGER,
	duration_ms      REAL,
	trace_id         TEXT NOT NULL,
	span_id          TEXT NOT NULL,
	sdk_version      TEXT NOT NULL,
	platform         TEXT NOT NULL,
	platform_version TEXT NOT NULL,
	resource_id      INTEGER NOT NULL REFERENCES resources (id),
	message          TEXT NOT NULL,
	error_type       TEXT NOT NULL,
	error_message    TEXT NOT NULL,
	attributes       TEXT NOT NULL,
	stack_trace      TEXT NOT NULL
) STRICT;

CREATE INDEX logs_by_time ON logs (time_ns);

CREATE TABLE counters (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, value) VALUES ('records', 0), ('duplicates', 0), ('commits', 0);
`

// A rowQuerier is a connection or a pool of them.
type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// isNew reports whether the database is empty, and returns an error if it is
// neither that nor one that this version can use.
func isNew(ctx context.Context, db rowQuerier) (bool, error) {
	var app, version, tables int
	row := db.QueryRowContext(ctx, `SELECT
		(SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`)
	if err := row.Scan(&app, &version, &tables); err != nil {
		return false, err
	}
	switch {
	case app == 0 && version == 0 && tables == 0:
		return true, nil
	case app != applicationID:
		return false, errors.New("not a ledger-server database")
	case version != schemaVersion:
		return false, fmt.Errorf("schema version %d, this program knows %d", version, schemaVersion)
	}
	return false, nil
}

// migrate makes the schema in an empty database.
func migrate(ctx context.Context, conn *sql.Conn) (err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, rollback := conn.ExecContext(ctx, "ROLLBACK")
			err = errors.Join(err, rollback)
		}
	}()
	empty, err := isNew(ctx, conn)
	if err != nil {
		return err
	}
	if empty {
		stamp := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, schemaVersion)
		if _, err := conn.ExecContext(ctx, schema+stamp); err != nil {
			return err
		}
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}
