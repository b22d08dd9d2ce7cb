package faults

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// pack writes a tree as one file. A ring and a state file are zeros for the most part,
// and version control keeps no modes.
func pack(t *testing.T, tr tree, to string) {
	t.Helper()
	f, err := os.Create(to)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	require.NoError(t, err)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(tr)) {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: tr[name].size}))
		_, err := w.Write(tr[name].bytes())
		require.NoError(t, err)
	}
	require.NoError(t, errors.Join(w.Close(), z.Close()))
}

// unpack makes a directory of what pack wrote, with the modes that the library uses.
func unpack(t *testing.T, from, dir string) {
	t.Helper()
	f, err := os.Open(from)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	out := tree{}
	r := tar.NewReader(z)
	for h, err := r.Next(); !errors.Is(err, io.EOF); h, err = r.Next() {
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		out[filepath.FromSlash(h.Name)] = content{b, h.Size}
	}
	out.write(t, dir)
}
