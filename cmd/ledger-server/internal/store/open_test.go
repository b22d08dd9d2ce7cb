package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "logs.db")
	s, err := Open(path, Options{})
	require.NoError(t, err)
	defer s.Close()
	mustAppend(t, s, rec(1))

	for name, want := range map[string]fs.FileMode{
		filepath.Dir(dir): 0o700, dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
	} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode().Perm(), name)
	}
}

func TestModeOfAnExistingDatabaseIsTightened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs.db")
	require.NoError(t, os.WriteFile(path, nil, 0o666))
	s, err := Open(path, Options{})
	require.NoError(t, err)
	defer s.Close()
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 0o600, info.Mode().Perm())
}

func TestPathMayHoldAnyCharacter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c=d&e#f%20g;h'é")
	s, err := Open(filepath.Join(dir, "x?mode=ro.db"), Options{})
	require.NoError(t, err)
	defer s.Close()
	mustAppend(t, s, rec(1))
	assert.FileExists(t, filepath.Join(dir, "x?mode=ro.db-wal"))
}

// Each promise of D1 rests on these settings, on every connection that writes:
// also the one that is opened after a failure.
func TestWritingConnectionsWaitForTheDisk(t *testing.T) {
	path, err := prepareFile(filepath.Join(t.TempDir(), "logs.db"))
	require.NoError(t, err)
	db, err := openDB(path, writing, 3)
	require.NoError(t, err)
	defer db.Close()
	for range 3 {
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		var synchronous int
		var journal string
		require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&synchronous))
		require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&journal))
		assert.Equal(t, 2, synchronous, "FULL")
		assert.Equal(t, "wal", journal)
	}
}

func TestReadingConnectionsCannotWrite(t *testing.T) {
	s := openTest(t)
	_, err := s.readers.Exec("DELETE FROM logs")
	assert.ErrorContains(t, err, "readonly")
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	foreign := func(stmt string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db, err := openDB(path, writing, 1)
			require.NoError(t, err)
			_, err = db.Exec(stmt)
			require.NoError(t, err)
			require.NoError(t, db.Close())
		}
	}
	for _, row := range []struct {
		name, want string
		prepare    func(t *testing.T, path string)
	}{
		{"someone else's database", "not a ledger-server database", foreign("CREATE TABLE t (x)")},
		{"a newer version", "schema version 9", func(t *testing.T, path string) {
			s, err := Open(path, Options{})
			require.NoError(t, err)
			require.NoError(t, s.Close())
			foreign("PRAGMA user_version = 9")(t, path)
		}},
		{"no database at all", "not a database", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("plain text, longer than a header would be: "+path), 0o600))
		}},
		{"a symbolic link", "not a regular file", func(t *testing.T, path string) {
			require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "target"), path))
		}},
		{"a directory", "not a regular file", func(t *testing.T, path string) {
			require.NoError(t, os.Mkdir(path, 0o700))
		}},
		{"a file in the way of its directory", "not a directory", func(t *testing.T, path string) {
			require.NoError(t, os.RemoveAll(filepath.Dir(path)))
			require.NoError(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d", "logs.db")
			require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
			row.prepare(t, path)
			_, err := Open(path, Options{})
			assert.ErrorContains(t, err, row.want)
		})
	}
}

func TestOpenLeavesAForeignDatabaseAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs.db")
	db, err := openDB(path, reading, 1)
	require.NoError(t, err)
	_, err = db.Exec("PRAGMA query_only = 0; CREATE TABLE t (x)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.NoError(t, os.Chmod(path, 0o640))
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	_, err = Open(path, Options{})
	require.ErrorContains(t, err, "not a ledger-server database")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 0o640, info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no file beside it")
}

// Nothing may be appended behind what an earlier process left in the write-ahead
// log: it may never have reached the disk.
func TestOpenMovesWhatACrashLeftIntoTheDatabase(t *testing.T) { // D4
	s := openTest(t)
	mustAppend(t, s, recs(1, 5)...)
	crashed := filepath.Join(t.TempDir(), "logs.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(s.path + suffix)
		require.NoError(t, err)
		require.NotEmpty(t, content)
		require.NoError(t, os.WriteFile(crashed+suffix, content, 0o600))
	}

	again, err := Open(crashed, Options{})
	require.NoError(t, err)
	defer again.Close()
	info, err := os.Stat(crashed + "-wal")
	require.NoError(t, err)
	assert.Zero(t, info.Size())
	st, err := again.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 5, st.Records)
}
