package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// config is one that reacts fast.
func config(t *testing.T, endpoint string) ledger.Config {
	t.Helper()
	return ledger.Config{
		Dir: filepath.Join(t.TempDir(), "ledger"), Endpoint: endpoint, ServiceName: "shop",
		FlushInterval: 20 * time.Millisecond, SyncEvery: 5 * time.Millisecond,
		Retry: sender.Retry{Initial: 10 * time.Millisecond, Max: 50 * time.Millisecond},
	}
}

func open(t *testing.T, cfg ledger.Config) *ledger.Client {
	t.Helper()
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// patience bounds the wait for what has to come. On a busy machine that is late.
const patience = time.Minute

// within returns a context for what must not take long.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func logN(t *testing.T, c *ledger.Client, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		require.NoError(t, c.Log(t.Context(), ledger.Record{Message: message(i)}))
	}
}

func message(i int) string { return fmt.Sprintf("message %06d", i) }

func messages(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, message(i))
	}
	return out
}

// balance checks L2 and W2 and returns the books.
func balance(t *testing.T, c *ledger.Client) ledger.Stats {
	t.Helper()
	s := c.Stats()
	require.Equal(t, s.Accepted, s.Delivered+s.Pending+s.Dead+s.Evicted+s.Lost, "L2: %+v", s)
	require.LessOrEqual(t, s.Acked, s.Synced, "W2")
	require.LessOrEqual(t, s.Synced, s.Last, "W2")
	require.LessOrEqual(t, s.Pending, s.Accepted, "no counter ran below zero")
	return s
}
