package faults

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// soon bounds what must not take long on a busy machine.
const soon = 30 * time.Second

// config is one that reacts fast and paces nothing.
func config(dir string, b *book) ledger.Config {
	return ledger.Config{
		Dir: dir, Endpoint: b.url, ServiceName: "shop", ServiceVersion: "1.2.3",
		Resource:      []slog.Attr{slog.String("host.name", "host")}, // Not that of who runs the tests.
		FlushInterval: 10 * time.Millisecond, SyncEvery: 5 * time.Millisecond,
		Retry:     sender.Retry{Initial: 10 * time.Millisecond, Max: 50 * time.Millisecond},
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
		RingBytes: 1 << 20, Compression: sender.CompressionNone, HTTPClient: b.client,
	}
}

func open(t testing.TB, cfg ledger.Config) *ledger.Client {
	t.Helper()
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// within returns a context for what must not take long.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	t.Cleanup(cancel)
	return ctx
}

func message(i int) string { return fmt.Sprintf("message %08d", i) }

// messages returns the set of the messages from to to.
func messages(from, to int) map[string]int {
	out := map[string]int{}
	for i := from; i <= to; i++ {
		out[message(i)] = 1
	}
	return out
}

// logN logs the messages from to to.
func logN(t testing.TB, c *ledger.Client, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
	}
}

// balance checks L2 and W2 and returns the books.
func balance(t testing.TB, c *ledger.Client) ledger.Stats {
	t.Helper()
	s := c.Stats()
	assert.Equal(t, s.Accepted, s.Delivered+s.Pending+s.Dead+s.Evicted+s.Lost, "L2: %+v", s)
	assert.LessOrEqual(t, s.Pending, s.Accepted, "no counter ran below zero: %+v", s)
	assert.LessOrEqual(t, s.Acked, s.Synced, "W2")
	assert.LessOrEqual(t, s.Synced, s.Last, "W2")
	return s
}
