package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// prepareFile makes the database file, empty, and the directories above it, if
// they are not there, and returns its absolute path. A file that is there it
// looks into, and refuses if it is not ours, before anything is changed. SQLite
// would make the file itself, but readable for everyone; its companions (-wal,
// -shm) take over the mode that they find here.
func prepareFile(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(abs)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	switch info, err := os.Lstat(abs); {
	case os.IsNotExist(err):
		f, err := os.OpenFile(abs, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return "", err
		}
		if err := f.Close(); err != nil {
			return "", err
		}
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: not a regular file", path)
	default:
		if err := checkOwn(abs); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		if err := os.Chmod(abs, 0o600); err != nil {
			return "", err
		}
	}
	// Without this a power cut could take the new file's name with it, and with
	// the name every record that was answered for (D1).
	return abs, syncDir(dir)
}

// checkOwn returns an error if the file at path is not a database of ours, or an
// empty one.
func checkOwn(path string) error {
	db, err := openDB(path, reading, 1)
	if err != nil {
		return err
	}
	_, err = isNew(context.Background(), db)
	return errors.Join(err, db.Close())
}

type access int

const (
	writing access = iota
	reading
)

// openDB returns a pool of at most size connections to the database at path.
func openDB(path string, a access, size int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dataSource(path, a))
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// anchored returns size connections for queries, and one more that is to stay
// open as long as the writer. SQLite's index of the write-ahead log lives as long
// as any connection that has read. When it is gone, the next connection makes it
// anew from the file, and takes a transaction for committed whose fsync failed.
// While it lives, the next transaction is written over the failed one (D4).
func anchored(path string, size int) (*sql.DB, *sql.Conn, error) {
	db, err := openDB(path, reading, size+1)
	if err != nil {
		return nil, nil, err
	}
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	var n int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM counters").Scan(&n); err != nil {
		return nil, nil, errors.Join(err, conn.Close(), db.Close())
	}
	return db, conn, nil
}

// dataSource names the database and the settings every connection needs.
// synchronous=FULL makes a commit wait for the disk: D1 rests on it.
func dataSource(path string, a access) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") { // a drive letter
		p = "/" + p
	}
	q := url.Values{
		"_busy_timeout": {"5000"},
		"_defensive":    {"1"},
		"_dqs":          {"0"},
		"_error_rc":     {"1"},
		"_synchronous":  {"FULL"},
	}
	switch a {
	case writing:
		q.Set("_journal_mode", "WAL")
		// IDs without order touch a page of their index each. Keeping 32 MiB of
		// them at hand, and moving 16 MiB of log at once, spares reading pages
		// again and writing one page many times.
		q["_pragma"] = []string{"cache_size(-32768)", "wal_autocheckpoint(4096)"}
	case reading:
		q.Set("_query_only", "1")
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: q.Encode()}
	return u.String()
}
