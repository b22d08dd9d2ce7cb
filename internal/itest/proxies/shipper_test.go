package proxies

import (
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// shipper is a client that logs numbers.
type shipper struct {
	*ledger.Client
	t      *testing.T
	logged atomic.Int64
}

// newShipper opens a client with small batches, and with waits that fit into a test.
func newShipper(t *testing.T, endpoint string, change func(*ledger.Config)) *shipper {
	t.Helper()
	cfg := ledger.Config{
		Dir: t.TempDir(), Endpoint: endpoint, ServiceName: "proxies",
		FlushSize: 20, FlushInterval: 20 * time.Millisecond, SyncEvery: 20 * time.Millisecond, Timeout: 30 * time.Second,
		Retry:     sender.Retry{Initial: 50 * time.Millisecond, Max: 200 * time.Millisecond},
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
		Logger:    slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	if change != nil {
		change(&cfg)
	}
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	s := &shipper{Client: c, t: t}
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return s
}

// ordinary is the size of the random text in a record that is like the others.
const ordinary = 100

// log logs the next n numbers.
func (s *shipper) log(n int) {
	s.t.Helper()
	for range n {
		require.NoError(s.t, s.logOne(ordinary))
	}
}

// logOne logs the next number with so many bytes of text that does not compress well.
func (s *shipper) logOne(size int) error {
	n := int(s.logged.Load())
	text := make([]byte, size)
	rng := rand.New(rand.NewPCG(uint64(n), 0))
	for i := range text {
		text[i] = byte(rng.Uint32())
	}
	err := s.Log(s.t.Context(), ledger.Record{
		Message: "a number", Attrs: []slog.Attr{slog.Int("n", n), slog.String("text", hex.EncodeToString(text))},
	})
	if err == nil {
		s.logged.Add(1)
	}
	return err
}

// load logs a number at each tick until end is called.
func (s *shipper) load(every time.Duration) (end func()) {
	stop, done := make(chan struct{}), make(chan error)
	go func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if err := s.logOne(ordinary); err != nil {
					done <- err
					return
				}
			case <-stop:
				done <- nil
				return
			}
		}
	}()
	return func() {
		s.t.Helper()
		close(stop)
		require.NoError(s.t, <-done)
	}
}

// deliver waits until everything was delivered or set aside.
func (s *shipper) deliver() {
	s.t.Helper()
	require.NoError(s.t, s.Flush(within(s.t, 20*time.Second)))
}

// audit delivers what is left and requires that every number arrived, under one ID (P1),
// and that the books say so (L2). It returns them, and how many copies there were.
func (s *shipper) audit(srv *sink) (books sender.Stats, copies uint64) {
	s.t.Helper()
	s.deliver()
	numbers, copies := srv.arrived(s.t)
	require.Equal(s.t, span(0, int(s.logged.Load())), numbers)
	st := s.Stats()
	require.Equal(s.t, uint64(s.logged.Load()), st.Accepted)
	require.Equal(s.t, st.Accepted, st.Delivered, "L2: %+v", st.Books)
	return st.Delivery, copies
}

// span returns n numbers from the first on.
func span(first, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = first + i
	}
	return all
}
