package ledger

import (
	"net/http"
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
