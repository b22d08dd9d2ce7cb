package ledger_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// instanceOf logs a record in a process of its own, as it were, and returns the
// instance that it is delivered with.
func instanceOf(t *testing.T, srv *collector, cfg ledger.Config) string {
	t.Helper()
	before := len(srv.all())
	cfg.RingBytes = 1 << 20 // It is made anew with a directory, and copied with it.
	c := open(t, cfg)
	logN(t, c, 1, 1)
	require.NoError(t, c.Flush(within(t)))
	require.NoError(t, c.Close())
	all := srv.all()[before:]
	id, _ := all[len(all)-1].resource["service.instance.id"].(string)
	require.NotEmpty(t, id)
	return id
}

func TestTheInstanceIsTheDirectory(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	id := instanceOf(t, srv, cfg)
	assert.Equal(t, id, instanceOf(t, srv, cfg), "after a restart")

	state := filepath.Join(cfg.Dir, "state.db")
	require.NoError(t, os.Remove(state))
	assert.Equal(t, id, instanceOf(t, srv, cfg), "after the state was lost")
	require.NoError(t, os.WriteFile(state, []byte("garbage"), 0o600))
	assert.Equal(t, id, instanceOf(t, srv, cfg), "after it was damaged")

	copied := cfg
	copied.Dir = filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(copied.Dir, os.DirFS(cfg.Dir)))
	assert.Equal(t, id, instanceOf(t, srv, copied), "a copy is the same instance")

	other := config(t, srv.URL)
	assert.NotEqual(t, id, instanceOf(t, srv, other), "another directory is another instance")
	require.NoError(t, os.RemoveAll(cfg.Dir))
	assert.NotEqual(t, id, instanceOf(t, srv, cfg), "and so is a new one in its place")
}

// Before anything was logged, the ring's file is all that knows the epoch.
func TestTheInstanceOutlivesALostStateBeforeTheFirstRecord(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.RingBytes = 1 << 20
	require.NoError(t, open(t, cfg).Close())
	copied := cfg
	copied.Dir = filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(copied.Dir, os.DirFS(cfg.Dir)))
	require.NoError(t, os.Remove(filepath.Join(copied.Dir, "state.db")))
	assert.Equal(t, instanceOf(t, srv, cfg), instanceOf(t, srv, copied))
}
