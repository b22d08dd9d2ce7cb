package faults

import (
	"maps"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// scene is a ledger directory as a killed process left it, and everything that is
// known of the records in it. Record i has the offset i and the message of i.
type scene struct {
	tree tree
	// Records 1 to acked were delivered and acked, those up to synced are in the log,
	// those up to last only in the ring.
	acked, synced, last int
	older               []byte            // state.db as it was before anything was acked
	bytes, resources    map[string]string // of every record, by ID
	id                  map[string]string // ID by message
}

// newScene makes one: a first process delivers two records, logs two more while the
// server is down, and closes; a second one logs two that reach the log and two that
// do not, and dies. The log has two segments.
func newScene(t *testing.T, s *sink) *scene {
	t.Helper()
	dir := filepath.Join(form.Scratch(t), "scene")
	b := s.fresh()
	c := open(t, config(dir, b))
	older := readTree(t, dir)["state.db"].bytes()
	logN(t, c, 1, 2)
	require.NoError(t, c.Flush(within(t)))
	b.answer(http.StatusServiceUnavailable)
	logN(t, c, 3, 4)
	require.NoError(t, c.Close())

	cfg := config(dir, b)
	cfg.SyncEvery = time.Hour // Nothing is spilled by itself.
	c = open(t, cfg)
	logN(t, c, 5, 6)
	require.NoError(t, c.Sync(within(t)))
	logN(t, c, 7, 8)
	sc := &scene{
		tree: readTree(t, dir), acked: 2, synced: 6, last: 8, older: older, id: map[string]string{},
	}
	require.NoError(t, c.Close())

	// What nothing was done to is delivered: that is where the bytes are known from.
	b.answer(0)
	whole := filepath.Join(form.Scratch(t), "whole")
	sc.tree.write(t, whole)
	c = open(t, config(whole, b))
	require.NoError(t, c.Flush(within(t)))
	require.NoError(t, c.Close())
	require.Equal(t, messages(1, sc.last), b.messages())
	require.Empty(t, b.faults())
	sc.bytes, sc.resources = b.all(), maps.Clone(b.resources)
	for id, body := range b.bodies {
		sc.id[body] = id
	}
	require.Len(t, sc.tree.segments(), 2)
	return sc
}

// frame is where a record lies in a file.
type frame struct {
	record   int
	from, to int
}

// framesOf returns where the records of a segment lie.
func framesOf(t *testing.T, tr tree, segment string) []frame {
	t.Helper()
	dir := t.TempDir()
	tr.write(t, dir)
	var out []frame
	_, err := wal.Walk(filepath.Join(dir, "wal"), func(f wal.Found) error {
		if f.Kind == wal.FoundRecord && f.Segment == filepath.Base(segment) {
			out = append(out, frame{int(f.Offset), f.From, f.To})
		}
		return nil
	})
	require.NoError(t, err)
	return out
}
