package ledger

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A disk that takes nothing stalls the spill. The ring then gives up its oldest,
// and the books say so at once, before any frame could tell the log (L2).
func TestEvictionsOfAStalledRingAreCountedAtOnce_L1_L2(t *testing.T) {
	c, err := Open(Config{
		Dir: t.TempDir(), Endpoint: "http://127.0.0.1:1", MaxRecords: 10, SyncEvery: time.Hour,
		HTTPClient: &http.Client{Transport: nobody{}},
	})
	require.NoError(t, err)
	defer c.Close()
	c.spill.stop()
	for range 25 {
		require.NoError(t, c.Log(t.Context(), Record{Message: "waits"}))
	}
	s := c.Stats()
	assert.Equal(t, uint64(25), s.Accepted)
	assert.Equal(t, uint64(15), s.Evicted)
	assert.Equal(t, uint64(10), s.Pending)
	assert.Equal(t, 10, s.BufferedRecords)
	assert.Equal(t, StatusFailing, c.Health().Status, "records are being lost")
}

// nobody is a server that cannot be reached.
type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }

// A pass takes half a ring at most; the last one is not the end of it.
func TestCloseSpillsAFullRing_W3(t *testing.T) {
	c, err := Open(Config{
		Dir: t.TempDir(), Endpoint: "http://127.0.0.1:1", SyncEvery: time.Hour, FlushSize: 1000, RingBytes: 4 << 20,
		HTTPClient: &http.Client{Transport: nobody{}},
	})
	require.NoError(t, err)
	text := strings.Repeat("x", 500)
	log := func(n int) {
		for range n {
			require.NoError(t, c.Log(t.Context(), Record{Message: text}))
		}
	}
	c.caps.Lock() // The first pass does not end.
	log(800)
	require.Eventually(t, func() bool { return c.spill.safe.Load() > 0 }, time.Minute, time.Millisecond)
	log(4500)
	c.spill.once.Do(func() { close(c.spill.quit) })
	<-c.spill.full // The next pass is the last one.
	c.caps.Unlock()
	require.NoError(t, c.Close())
	s := c.Stats()
	assert.Equal(t, s.Last, s.Synced)
	assert.Zero(t, s.Evicted)
}
