//go:build unix

package ledger_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// A file that is cut under the mapping is a fault in whoever logs next. It must
// not end the process, and what is logged afterwards arrives.
func TestCutRingFileIsNotFelt_L1_L2(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.SyncEvery = time.Hour
	c := open(t, cfg)
	require.True(t, c.Stats().BufferMapped)
	logN(t, c, 1, 10)
	require.NoError(t, os.Truncate(filepath.Join(cfg.Dir, "ring"), 0))
	logN(t, c, 11, 20)
	require.NoError(t, c.Flush(within(t)))
	assert.Subset(t, srv.bodies(), messages(11, 20))
	s := balance(t, c)
	assert.False(t, s.BufferMapped)
	assert.Equal(t, uint64(20), s.Accepted)
	assert.Equal(t, uint64(10), s.Lost, "what was on the pages that went is counted")
	h := c.Health()
	assert.NotEqual(t, ledger.StatusOK, h.Status)
	assert.Contains(t, strings.Join(h.Reasons, "; "), "mapped file failed")
}

// Whatever stands where the ring should be, the client opens, says what promise is
// in force, and delivers.
func TestUnusableRingFileMeansOrdinaryMemory_W7(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	require.NoError(t, os.MkdirAll(filepath.Join(cfg.Dir, "ring", "a directory"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "quarantine"), []byte("in the way"), 0o600))
	c := open(t, cfg)
	s := c.Stats()
	assert.False(t, s.BufferMapped)
	assert.NotEmpty(t, s.BufferFault)
	assert.Equal(t, ledger.StatusDegraded, c.Health().Status)
	logN(t, c, 1, 5)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 5), sorted(srv))
}

// A ring file as a killed process leaves it: the records that never reached the log
// are delivered once, with the numbers they were given.
func TestRecordsLeftInTheRingAreSpilledExactlyOnce_W1_W3(t *testing.T) {
	srv := newCollector(t)
	srv.answer(http.StatusServiceUnavailable)
	cfg := config(t, srv.URL)
	cfg.SyncEvery = time.Hour // Nothing is spilled by itself.
	c := open(t, cfg)
	logN(t, c, 1, 20)
	image, err := os.ReadFile(filepath.Join(cfg.Dir, "ring"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	// As if the process had died before it spilled: the ring is full, the log empty.
	require.NoError(t, os.RemoveAll(filepath.Join(cfg.Dir, "wal")))
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "ring"), image, 0o600))
	for _, name := range []string{"state.db", "holder"} {
		require.NoError(t, os.Remove(filepath.Join(cfg.Dir, name)))
	}

	srv.awaitGone(t)
	srv.answer(0)
	c = open(t, cfg)
	assert.Equal(t, uint64(20), c.Stats().Accepted)
	logN(t, c, 21, 25)
	require.NoError(t, c.Flush(within(t)))
	assert.Equal(t, messages(1, 25), sorted(srv))
	require.NoError(t, c.Close())
	c = open(t, cfg)
	require.NoError(t, c.Flush(within(t)))
	assert.Len(t, srv.bodies(), 25)
	balance(t, c)
}

func TestDamagedRecordInTheRingIsCountedAndSetAside_W7_L2(t *testing.T) {
	// Without state and log, nothing would tell the loss of the first from a record
	// that was delivered long ago.
	for _, hit := range []int{7, 20} {
		t.Run(message(hit), func(t *testing.T) {
			srv := newCollector(t)
			srv.answer(http.StatusServiceUnavailable)
			cfg := config(t, srv.URL)
			cfg.SyncEvery = time.Hour
			c := open(t, cfg)
			logN(t, c, 1, 20)
			image, err := os.ReadFile(filepath.Join(cfg.Dir, "ring"))
			require.NoError(t, err)
			require.NoError(t, c.Close())
			require.NoError(t, os.RemoveAll(filepath.Join(cfg.Dir, "wal")))
			require.NoError(t, os.Remove(filepath.Join(cfg.Dir, "state.db")))
			at := bytes.Index(image, []byte(message(hit)))
			require.Positive(t, at)
			image[at] ^= 1
			require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "ring"), image, 0o600))

			srv.answer(0)
			c = open(t, cfg)
			require.NoError(t, c.Flush(within(t)))
			assert.Len(t, srv.unique(t), 19)
			assert.NotContains(t, srv.bodies(), message(hit))
			s := balance(t, c)
			assert.Equal(t, uint64(1), s.Lost)
			assert.Equal(t, uint64(20), s.Accepted, "its number is not used again")
			found, err := filepath.Glob(filepath.Join(cfg.Dir, "quarantine", "ring-*"))
			require.NoError(t, err)
			assert.Len(t, found, 1)
			assert.True(t, s.BufferMapped, "with a new file")
		})
	}
}

// Segments that were reclaimed before the state was lost held nothing but settled
// records. They are no loss, and their numbers are not used again.
func TestLostStateDoesNotMakeReclaimedRecordsLost_W1_W7(t *testing.T) {
	for _, tt := range []struct {
		name string
		lose []string
	}{
		{"state", []string{"state.db"}},
		{"state and log", []string{"state.db", "wal"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newCollector(t)
			cfg := config(t, srv.URL)
			cfg.MaxBytes, cfg.MaxRecords = 1<<20, 1<<20 // Small segments.
			cfg.KeepAcked = ledger.Retention{Age: -1}
			c := open(t, cfg)
			logN(t, c, 1, 2000)
			require.NoError(t, c.Flush(within(t)))
			require.Eventually(t, func() bool { return c.Stats().Segments <= 1 }, patience, 5*time.Millisecond)
			srv.answer(http.StatusServiceUnavailable)
			logN(t, c, 2001, 2010)
			require.NoError(t, c.Close())
			for _, name := range tt.lose {
				require.NoError(t, os.RemoveAll(filepath.Join(cfg.Dir, name)))
			}

			srv.answer(0)
			for range 2 { // The second time from what the first has stored.
				c = open(t, cfg)
				s := balance(t, c)
				if len(tt.lose) == 1 {
					// With the log gone too, a lap of the ring that was written over
					// cannot be told from records that were damaged.
					assert.Zero(t, s.Lost)
				}
				assert.Equal(t, uint64(2010), s.Accepted)
				require.NoError(t, c.Flush(within(t)))
				require.NoError(t, c.Close())
			}
			assert.Len(t, srv.unique(t), 2010)
		})
	}
}
