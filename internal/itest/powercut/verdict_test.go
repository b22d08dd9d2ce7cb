//go:build linux

package powercut

import (
	"context"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// verdict opens the log as the last cut left it, on a copy, delivers what is there,
// and returns what is known then.
func (h *history) verdict() evidence {
	t := h.t
	t.Helper()
	dir, halt, err := MountImage(t.TempDir(), h.image)
	require.NoError(t, err, "%s", h)
	defer func() { require.NoError(t, halt()) }()

	later := newSink(t)
	spec := h.spec
	spec.Dir, spec.URL = filepath.Join(dir, "ledger"), later.URL
	c, err := ledger.Open(spec.config())
	require.NoError(t, err, "W7: it opens whatever a cut left: %s", h)
	defer func() { require.NoError(t, c.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, c.Flush(ctx), "%s", h)
	return evidence{
		seed: h.spec.Seed, lives: h.lives, server: h.server.all(), later: later.all(), stats: c.Stats(),
		never: spec.Durability == ledger.SyncNever, evicts: h.evicts(),
	}
}

// walVerdict opens the log as the last cut left it, on a copy, and reads it.
func (h *history) walVerdict() walEvidence {
	t := h.t
	t.Helper()
	dir, halt, err := MountImage(t.TempDir(), h.image)
	require.NoError(t, err, "%s", h)
	defer func() { require.NoError(t, halt()) }()

	e := walEvidence{seed: h.spec.Seed, lives: h.lives, never: h.spec.Durability == ledger.SyncNever}
	s, err := openStore(filepath.Join(dir, "ledger"), e.never)
	require.NoError(t, err, "W7: it opens whatever a cut left: %s", h)
	defer func() { require.NoError(t, s.close()) }()
	e.checkpoint, e.stats = s.state.Account(sender.DefaultDestination).Checkpoint(), s.log.Stats()
	e.read, e.offsets, err = s.readAll()
	require.NoError(t, err, "%s", h)

	// And it goes on from there.
	last, err := s.append(h.spec, 1)
	require.NoError(t, err, "%s", h)
	require.NoError(t, s.log.Sync(), "%s", h)
	_, offsets, err := s.readAll()
	require.NoError(t, err, "%s", h)
	require.Equal(t, append(e.offsets, wal.Offset(last)), offsets, "%s", h)
	return e
}

// readAll returns every record after the head.
func (s store) readAll() (texts []string, offsets []wal.Offset, err error) {
	var b wal.Batch
	for after := s.log.Head(); ; after = b.Last() {
		if err := s.log.Reader(0).Read(&b, after, wal.Limits{Records: 500}); err != nil || b.Len() == 0 {
			return texts, offsets, err
		}
		for i, entry := range b.Entries {
			texts, offsets = append(texts, string(b.Record(i))), append(offsets, entry.Offset)
		}
	}
}
