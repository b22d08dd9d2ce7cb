package faults

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree is what a directory held at one moment: the bytes of each file by its path
// within the directory. Zeros at the end of a file are only counted.
type tree map[string]content

type content struct {
	data []byte
	size int64
}

// bytes returns the whole file.
func (c content) bytes() []byte {
	return append(slices.Clone(c.data), make([]byte, c.size-int64(len(c.data)))...)
}

// readTree reads a directory. If a client has it open it is what a kill would leave,
// as long as the client does nothing meanwhile: a mapped file and the file are one.
func readTree(t testing.TB, dir string) tree {
	t.Helper()
	out := tree{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		b, err := os.ReadFile(path)
		out[name] = content{bytes.TrimRight(b, "\x00"), int64(len(b))}
		return err
	}))
	return out
}

// write makes a directory of it.
func (tr tree) write(t testing.TB, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for name, c := range tr {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, c.data, 0o600))
		if c.size > int64(len(c.data)) {
			require.NoError(t, os.Truncate(path, c.size))
		}
	}
}

// with returns the tree with other bytes in one file.
func (tr tree) with(name string, b []byte) tree {
	out := maps.Clone(tr)
	out[name] = content{b, int64(len(b))}
	return out
}

// without returns the tree without some files.
func (tr tree) without(names ...string) tree {
	out := maps.Clone(tr)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// flipped returns the tree with one bit of a file flipped.
func (tr tree) flipped(name string, bit int64) tree {
	b := make([]byte, max(int64(len(tr[name].data)), bit/8+1))
	copy(b, tr[name].data)
	b[bit/8] ^= 1 << (bit % 8)
	out := maps.Clone(tr)
	out[name] = content{b, max(tr[name].size, int64(len(b)))}
	return out
}

// segments returns the names of the log's segments in their order.
func (tr tree) segments() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(tr)) {
		if filepath.Dir(name) == "wal" && strings.Trim(filepath.Base(name), "0123456789") == "" {
			out = append(out, name)
		}
	}
	return out
}

// quarantined returns everything that is in quarantine/ of a directory, one behind
// the other.
func quarantined(t testing.TB, dir string) []byte {
	t.Helper()
	var all []byte
	names, err := filepath.Glob(filepath.Join(dir, "quarantine", "*"))
	require.NoError(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		all = append(all, b...)
	}
	return all
}

// contents returns the bytes at a path, be it a file or a directory.
func contents(t *testing.T, path string) tree {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	if info.IsDir() {
		return readTree(t, path)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return tree{".": {b, int64(len(b))}}
}
