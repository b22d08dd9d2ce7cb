package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

func removeFile(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.Remove(path))
}

// R1 and R2: while a process writes, acks and removes segments as fast as it can,
// every look at its directory succeeds, finds no damage and balanced books, and the
// process notices nothing.
func TestLooksBesideABusyProcess_L2(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMakerKeeping(dir, 4<<10, wal.Retention{}) // Removes what it may at once.
	require.NoError(t, err)
	defer m.close()
	require.NoError(t, m.add(plain(5, time.Now(), 1), 0, 0))
	c := newLogServer("200")
	defer c.stop()

	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- keepBusy(m, stop) }()
	var last status
	for range 15 {
		code, stdout, stderr := program(t.Context(), "status", dir, "--json")
		require.Equal(t, exitOK, code, stdout+stderr)
		var st status
		require.NoError(t, json.Unmarshal([]byte(stdout), &st))
		r := st.Destinations[0].Records
		assert.Equal(t, r.Accepted, r.Delivered+r.Pending+r.Dead+r.Evicted+r.Lost)
		assert.Zero(t, r.Lost)
		assert.True(t, *st.Owner.Live)
		assert.LessOrEqual(t, st.Offsets.Acked, st.Offsets.Synced)
		assert.LessOrEqual(t, st.Offsets.Synced, st.Offsets.Last)
		assert.GreaterOrEqual(t, st.Offsets.Last, last.Offsets.Last, "W2")
		assert.GreaterOrEqual(t, st.Offsets.Acked, last.Offsets.Acked, "W2")
		last = st

		code, _, stderr = program(t.Context(), "cat", dir)
		require.Equal(t, exitOK, code, stderr)
		code, stdout, stderr = program(t.Context(), "replay", dir, "--all", "--to", c.URL, "--yes")
		require.Contains(t, []int{exitOK, exitPartial}, code, stdout+stderr) // 4: some were reclaimed on the way.
		require.NotContains(t, stderr, "checksum")
	}
	close(stop)
	require.NoError(t, <-stopped)

	// Nothing is there that the process itself does not make.
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(dir, path)
		require.NoError(t, relErr)
		segment, matchErr := filepath.Match(filepath.Join("wal", "[0-9]*"), name)
		require.NoError(t, matchErr)
		if !segment {
			assert.Contains(t, []string{".", "wal", "state.db", "holder"}, name)
		}
		return err
	}))
}

// keepBusy is a live process: it logs, acks most of it, and lets segments go.
func keepBusy(m *maker, stop <-chan struct{}) error {
	for n := 6; ; n += 20 {
		select {
		case <-stop:
			return nil
		default:
		}
		m.stored = map[wal.Offset][]byte{}
		if err := m.add(plain(20, time.Now(), n), 0, 0); err != nil {
			return err
		}
		if err := m.ack(m.log.Synced() - 7); err != nil {
			return err
		}
		m.log.Reader(0).Reclaim(m.log.Reader(0).Checkpoint())
		m.log.Maintain()
	}
}

// R2: a process that opens the directory in the very instant of a look waits for
// that instant and no longer, and is the owner then (W8).
func TestALookKeepsNobodyFromOpening_W8(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	m, err := newMaker(dir, 0)
	require.NoError(t, err)
	held, err := askHold(dir)
	require.NoError(t, err)
	assert.Equal(t, holdLive, held)
	require.NoError(t, m.close())
	held, err = askHold(dir)
	require.NoError(t, err)
	assert.Equal(t, holdNone, held)

	look, err := os.Open(filepath.Join(dir, "holder"))
	require.NoError(t, err)
	free, err := tryShared(look)
	require.NoError(t, err)
	require.True(t, free)
	opened := make(chan error, 1)
	go func() {
		m, err := newMaker(dir, 0)
		if err == nil {
			err = m.close()
		}
		opened <- err
	}()
	held, err = askHold(dir)
	require.NoError(t, err)
	assert.Equal(t, holdNone, held, "another look is no owner")
	require.NoError(t, look.Close())
	require.NoError(t, <-opened)
}
