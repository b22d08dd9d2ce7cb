package ledger_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestSyncAlwaysReturnsOnlyWhatIsSynced_W3(t *testing.T) {
	cfg := config(t, "http://127.0.0.1:1")
	cfg.Durability = ledger.SyncAlways
	c := open(t, cfg)
	for i := range 20 {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
		s := balance(t, c)
		require.Equal(t, s.Last, s.Synced)
	}
}

func TestSyncSyncsWhateverTheDurability_W3(t *testing.T) {
	for _, d := range []ledger.Durability{ledger.SyncInterval, ledger.SyncAlways, ledger.SyncNever} {
		t.Run(d.String(), func(t *testing.T) {
			cfg := config(t, "http://127.0.0.1:1")
			cfg.Durability, cfg.SyncEvery = d, time.Hour
			c := open(t, cfg)
			logN(t, c, 1, 10)
			require.NoError(t, c.Sync(within(t)))
			s := balance(t, c)
			assert.Equal(t, s.Last, s.Synced)
			assert.Zero(t, s.BufferedRecords)
		})
	}
}

func TestSyncIntervalSyncsByItself(t *testing.T) {
	c := open(t, config(t, "http://127.0.0.1:1"))
	logN(t, c, 1, 10)
	require.Eventually(t, func() bool { s := c.Stats(); return s.Synced == s.Last }, patience, time.Millisecond)
}

func TestShutdownDeliversWhatItCanAndKeepsTheRest(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.FlushInterval = time.Hour
	c := open(t, cfg)
	logN(t, c, 1, 25)
	require.NoError(t, c.Shutdown(within(t)))
	assert.Equal(t, messages(1, 25), srv.bodies())
	require.NoError(t, c.Shutdown(within(t)), "a second time is harmless")

	srv.answer(http.StatusServiceUnavailable)
	c = open(t, cfg)
	logN(t, c, 26, 30)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := c.Shutdown(ctx)
	var pending *ledger.PendingError
	require.ErrorAs(t, err, &pending)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, uint64(5), pending.Pending)

	srv.awaitGone(t)
	srv.answer(0)
	c = open(t, cfg)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 30), srv.bodies())
}

func TestCloseDoesNotWaitForTheNetwork(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	c := open(t, cfg)
	logN(t, c, 1, 5)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	s := balance(t, c)
	assert.Equal(t, uint64(5), s.Pending)
	assert.Equal(t, s.Last, s.Synced, "what was admitted is safe")
}

func TestClosedClientRefusesAndCounts(t *testing.T) {
	c := open(t, config(t, "http://127.0.0.1:1"))
	logN(t, c, 1, 1)
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.Log(t.Context(), ledger.Record{Message: "late"}), ledger.ErrClosed)
	c.Info(t.Context(), "late")
	s := balance(t, c)
	assert.Equal(t, uint64(1), s.Accepted)
	assert.Equal(t, uint64(2), s.Refused)
	require.ErrorIs(t, c.Flush(within(t)), ledger.ErrClosed)
	require.NoError(t, c.Sync(within(t)), "everything is synced already")
}

func TestFlushEndsWithItsContext(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	c := open(t, config(t, srv.URL))
	logN(t, c, 1, 5)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := c.Flush(ctx)
	var pending *ledger.PendingError
	require.ErrorAs(t, err, &pending)
	assert.Equal(t, uint64(5), pending.Pending)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, c.Sync(ended), context.Canceled)
	logN(t, c, 6, 7)
	require.ErrorAs(t, c.Flush(ended), &pending, "which had ended before")
	assert.Equal(t, uint64(7), pending.Pending)
}

// What is in memory only has not been delivered.
func TestAFlushThatComesTooLateSaysSo(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	c := open(t, config(t, srv.URL))
	ended, end := context.WithCancel(t.Context())
	end()
	require.NoError(t, c.Flush(ended), "there is nothing")
	logN(t, c, 1, 1)
	var pending *ledger.PendingError
	require.ErrorAs(t, c.Flush(ended), &pending)
	assert.Equal(t, uint64(1), pending.Pending)
}
