package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Stats are the numbers of a store. Records and Duplicates are kept in the
// database and count from its first day.
type Stats struct {
	Records    int64 // stored
	Duplicates int64 // arrived again and were not stored again
	Bytes      int64 // of the database and its write-ahead log on disk
}

// Stats returns the numbers as of the last committed append.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	row := s.readers.QueryRowContext(ctx, `SELECT
		(SELECT value FROM counters WHERE name = 'records'),
		(SELECT value FROM counters WHERE name = 'duplicates')`)
	if err := row.Scan(&st.Records, &st.Duplicates); err != nil {
		return Stats{}, fmt.Errorf("store: stats: %w", err)
	}
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		if errors.Is(err, fs.ErrNotExist) { // the write-ahead log comes and goes
			continue
		}
		if err != nil {
			return Stats{}, fmt.Errorf("store: stats: %w", err)
		}
		st.Bytes += info.Size()
	}
	return st, nil
}
