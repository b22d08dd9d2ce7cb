package store

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests here drive a writer by hand, so that they can reach its connection
// and make the database refuse to grow.

func handWriter(t *testing.T, log *bytes.Buffer) *writer {
	t.Helper()
	path, err := prepareFile(filepath.Join(t.TempDir(), "logs.db"))
	require.NoError(t, err)
	w, err := newWriter(path, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.close()) })
	return w
}

// write runs one group through the writer, as its goroutine would.
func (w *writer) write(group ...*write) error {
	_, err := w.commit(context.Background(), group)
	w.note(err)
	return err
}

// fill makes the writer's connection refuse to let the database grow.
func (w *writer) fill(t *testing.T) {
	t.Helper()
	_, err := w.conn.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1")
	require.NoError(t, err)
}

func (w *writer) number(t *testing.T, sql string) (n int) {
	t.Helper()
	require.NoError(t, w.conn.conn.QueryRowContext(t.Context(), sql).Scan(&n))
	return n
}

func TestFailedGroupLeavesNothingBehindAndTheNextSucceeds(t *testing.T) { // D3, D4
	var log bytes.Buffer
	w := handWriter(t, &log)
	require.NoError(t, w.write(&write{records: recs(0, 10)}))

	for range 3 {
		w.fill(t)
		err := w.write(&write{records: recs(5, 10)}, &write{records: recs(100, 5000)})
		require.ErrorContains(t, err, "full")
		assert.True(t, w.failing.Load())
		assert.Nil(t, w.conn, "the connection is not used again (D4)")
		require.NoError(t, w.write(), "an empty group is the probe")
		assert.False(t, w.failing.Load())
	}
	assert.Equal(t, 10, w.number(t, "SELECT count(*) FROM logs"), "neither append of the failed group is stored in part (D3)")
	assert.Equal(t, 0, w.number(t, "SELECT sum(resends) FROM logs"))
	assert.Equal(t, 0, w.number(t, "SELECT value FROM counters WHERE name = 'duplicates'"))

	require.NoError(t, w.write(&write{records: recs(5, 10)}))
	assert.Equal(t, 15, w.number(t, "SELECT count(*) FROM logs"))
	assert.Equal(t, 15, w.number(t, "SELECT value FROM counters WHERE name = 'records'"))
}

func TestResourceOfAFailedGroupIsNotRemembered(t *testing.T) { // D4
	w := handWriter(t, new(bytes.Buffer))
	require.NoError(t, w.write())
	w.fill(t)
	require.Error(t, w.write(&write{records: recs(0, 5000)}))
	require.NoError(t, w.write(&write{records: recs(0, 1)}))
	assert.Equal(t, 1, w.number(t, "SELECT count(*) FROM logs JOIN resources ON resources.id = resource_id"))
}

func TestAnOutageOfTheDiskWritesTwoLines(t *testing.T) {
	var log bytes.Buffer
	w := handWriter(t, &log)
	require.NoError(t, w.write())
	assert.Empty(t, log.String())
	for range 5 {
		w.note(assert.AnError)
	}
	require.NoError(t, w.write())
	require.NoError(t, w.write())
	assert.Equal(t, 2, strings.Count(log.String(), "\n"), log.String())
	assert.Contains(t, log.String(), "failed_writes=5")
}

func TestAnEmptyAppendWritesToTheDisk(t *testing.T) {
	s := openTest(t)
	size := func() int64 {
		info, err := os.Stat(s.path + "-wal")
		require.NoError(t, err)
		return info.Size()
	}
	mustAppend(t, s)
	before := size()
	mustAppend(t, s)
	assert.Greater(t, size(), before)
}

func TestReadyProbesTheDiskOnlyAfterAFailure(t *testing.T) {
	s := openTest(t)
	require.NoError(t, s.Ready(t.Context()))

	s.writer.failing.Store(true)
	require.NoError(t, s.Ready(t.Context()))
	assert.False(t, s.writer.failing.Load(), "the probe wrote and cleared it")

	s.writer.failing.Store(true)
	require.NoError(t, s.Close())
	assert.ErrorIs(t, s.Ready(t.Context()), ErrClosed)
}
