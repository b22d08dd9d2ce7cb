package delivery

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

func message(i int) string { return fmt.Sprintf("message %05d", i) }

// config delivers to a server, without pacing and without chance.
func config(dir string, s *server) ledger.Config {
	return ledger.Config{
		Dir: dir, Endpoint: "http://one.test", ServiceName: "shop", HTTPClient: s.client(),
		FlushSize: 20, FlushInterval: time.Second, RingBytes: 1 << 20, Compression: sender.CompressionNone,
		Retry:     sender.Retry{Jitter: -1},
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
	}
}

func open(t *testing.T, cfg ledger.Config) *ledger.Client {
	t.Helper()
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func logN(t *testing.T, c *ledger.Client, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
	}
}

// sleep lets the clock run and then everything come to rest.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// flush waits until all is settled, days if it must.
func flush(t *testing.T, c *ledger.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour)
	defer cancel()
	require.NoError(t, c.Flush(ctx))
}

// balanced checks the books of every destination (D1) and returns them.
func balanced(t *testing.T, c *ledger.Client, when string) ledger.Stats {
	t.Helper()
	s := c.Stats()
	for _, d := range s.Destinations {
		assert.Equal(t, d.Accepted, d.Delivered+d.Pending+d.Dead+d.Evicted+d.Lost, "L2, %s: %s: %+v", when, d.Name, d.Books)
		assert.LessOrEqual(t, d.Pending, d.Accepted, "%s: %s", when, d.Name)
		r := d.Reasons
		assert.Equal(t, d.Evicted, r[ledger.ReasonQueueFull]+r[ledger.ReasonMaxAge]+r[ledger.ReasonDiskError], "%s: %s", when, d.Name)
		assert.Equal(t, d.Lost, r[ledger.ReasonCorrupt], "%s: %s", when, d.Name)
	}
	assert.LessOrEqual(t, s.Acked, s.Synced, "W2")
	assert.LessOrEqual(t, s.Synced, s.Last, "W2")
	return s
}

// reasons checks that those of the dead letters add up, which they do when nothing is on
// its way.
func reasons(t *testing.T, c *ledger.Client, when string) {
	t.Helper()
	for _, d := range c.Stats().Destinations {
		r := d.Reasons
		sum := r[ledger.ReasonRejected] + r[ledger.ReasonTooLarge] + r[ledger.ReasonPartial] + r[ledger.ReasonQuota]
		assert.Equal(t, sum, d.Dead+d.Delivery.Redriven, "the reasons add up, %s: %s: %v", when, d.Name, r)
	}
}

// letters returns the messages of the dead letters by reason, of one destination.
func letters(t *testing.T, c *ledger.Client, destination string) map[string]string {
	t.Helper()
	all, err := c.DeadLetters(0)
	require.NoError(t, err)
	out := map[string]string{}
	for _, l := range all {
		if l.Destination != destination {
			continue
		}
		r, err := decode(l.Record)
		require.NoError(t, err)
		assert.NotContains(t, out, r.message, "a record has one letter")
		assert.Equal(t, message(int(l.Offset)), r.message)
		out[r.message] = l.Reason
	}
	return out
}

// tree is what a directory held at one moment.
type tree map[string]content

// content is a file without the pages of zeros at its end, and its size with them.
type content struct {
	data []byte
	size int64
}

// copyTree reads a directory that a client has open and does nothing in.
func copyTree(dir string) (tree, error) {
	out := tree{}
	return out, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		name, relErr := filepath.Rel(dir, path)
		if err == nil {
			err = relErr
		}
		out[name] = content{trimmed(b), int64(len(b))}
		return err
	})
}

// trimmed returns a copy of a file without the pages of zeros at its end.
func trimmed(b []byte) []byte {
	var page [4096]byte
	for len(b) >= len(page) && bytes.Equal(b[len(b)-len(page):], page[:]) {
		b = b[:len(b)-len(page)]
	}
	return bytes.Clone(b)
}

func (tr tree) write(t *testing.T, dir string) {
	t.Helper()
	for name, c := range tr {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, c.data, 0o600))
		require.NoError(t, os.Truncate(path, c.size))
	}
}
