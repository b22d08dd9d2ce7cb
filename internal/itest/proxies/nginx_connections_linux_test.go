package proxies

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	srv := listening(t)
	n := newNginx(t, srv.addr)
	n.start()
	s := newShipper(t, n.endpoint(), func(c *ledger.Config) { c.FlushSize = 10 })
	for range 10 {
		s.log(100)
		s.deliver()
	}
	books, copies := s.audit(srv)
	assert.Zero(t, copies)
	assert.Zero(t, books.Failures)
	assert.GreaterOrEqual(t, books.Requests, uint64(100))
	require.NoError(t, s.Close())
	posts := n.posts()
	assert.Len(t, posts, int(books.Requests))
	connections := len(tally(posts, byConnection))
	t.Logf("%d requests over %d connections", len(posts), connections)
	// MaxInFlight is 4. A request that waits for a connection dials one, and takes what
	// comes first, so that there can be as many again.
	assert.LessOrEqual(t, connections, 8, "P5")
}

// nginx says so when a request was the last on its connection.
func TestConnectionsThatNginxClosesAfterAFewRequests(t *testing.T) {
	t.Parallel()
	srv := listening(t)
	n := newNginx(t, srv.addr)
	n.server = "keepalive_requests 3;"
	n.start()
	s := newShipper(t, n.endpoint(), func(c *ledger.Config) { c.FlushSize = 10 })
	for range 10 {
		s.log(30)
		s.deliver()
	}
	books, copies := s.audit(srv)
	assert.Zero(t, copies)
	assert.Zero(t, books.Failures)
	assert.Zero(t, books.Resent)
	require.NoError(t, s.Close())
	posts := n.posts()
	assert.Len(t, posts, int(books.Requests))
	for connection, requests := range tally(posts, byConnection) {
		assert.LessOrEqual(t, requests, 3, connection)
	}
}

// nginx closes an idle connection just when the next request begins. net/http sends it
// again by itself, unless nginx's reset comes between its head and its body: that is a
// failure, and the only kind there is. nginx has then not got it.
func TestConnectionsThatNginxClosesWhileTheyAreIdle(t *testing.T) {
	t.Parallel()
	const idle = 50 * time.Millisecond
	srv := listening(t)
	n := newNginx(t, srv.addr)
	n.server = "keepalive_timeout 50ms;"
	n.start()
	s := newShipper(t, n.endpoint(), func(c *ledger.Config) { c.MaxInFlight, c.FlushInterval = 1, time.Hour })
	rng := seeded(t)
	for range 30 {
		s.log(5)
		s.deliver()
		pause(t, idle-10*time.Millisecond+time.Duration(rng.IntN(int(12*time.Millisecond))))
	}
	books, copies := s.audit(srv)
	assert.Zero(t, copies)
	require.NoError(t, s.Close())
	posts := n.posts()
	assert.Equal(t, map[string]int{"200": int(books.Requests - books.Failures)}, tally(posts, byStatus))
	connections := len(tally(posts, byConnection))
	assert.Greater(t, connections, 1, "some were closed")
	t.Logf("%d requests over %d connections, %d written again, %d failed", books.Requests, connections, books.Ambiguous, books.Failures)
}

// forBothProtocols runs a test with an nginx that speaks one, and a client for it.
func forBothProtocols(t *testing.T, test func(t *testing.T, srv *sink, n *nginx, s *shipper)) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			srv := listening(t)
			n := newNginx(t, srv.addr)
			endpoint := n.endpoint()
			if protocol == "HTTP/2.0" {
				n.secure()
				endpoint = "https://" + n.addr
			}
			n.start()
			s := newShipper(t, endpoint, func(c *ledger.Config) {
				c.FlushSize, c.FlushInterval = 5, 5*time.Millisecond
				if n.listen != "" {
					c.TLS.CA = n.ca()
				}
			})
			test(t, srv, n, s)
			require.NoError(t, s.Close())
			assert.Equal(t, []string{protocol}, slices.Collect(maps.Keys(tally(n.posts(), byProtocol))))
		})
	}
}

// The old workers finish what they have, and close what is idle.
func TestAReloadOfNginxUnderLoad(t *testing.T) {
	const reloads = 4
	forBothProtocols(t, func(t *testing.T, srv *sink, n *nginx, s *shipper) {
		end := s.load(2 * time.Millisecond)
		for range reloads {
			pause(t, 100*time.Millisecond)
			n.reload()
		}
		end()
		books, copies := s.audit(srv)
		assert.Zero(t, copies, "what nginx got it answered")
		assert.Zero(t, books.Holds)
		// See TestConnectionsThatNginxClosesWhileTheyAreIdle.
		assert.LessOrEqual(t, books.Failures, uint64(reloads*4), "at most one for each connection that was closed")
		t.Logf("%d records, %d requests, %d written again, %d failed", s.logged.Load(), books.Requests, books.Ambiguous, books.Failures)
	})
}

func TestNothingIsLostWhenNginxIsKilledUnderLoad(t *testing.T) {
	const kills = 3
	forBothProtocols(t, func(t *testing.T, srv *sink, n *nginx, s *shipper) {
		end := s.load(2 * time.Millisecond)
		for range kills {
			pause(t, 150*time.Millisecond)
			n.kill()
			pause(t, 100*time.Millisecond)
			n.start()
			before := srv.count()
			eventually(t, "records again", func() bool { return srv.count() > before })
		}
		end()
		books, copies := s.audit(srv)
		assert.LessOrEqual(t, copies, books.AmbiguousRecords, "P2")
		assert.GreaterOrEqual(t, books.Failures, uint64(kills), "each kill was seen")
		t.Logf("%d records, %d copies, at most %d; %d requests, %d failed",
			s.logged.Load(), copies, books.AmbiguousRecords, books.Requests, books.Failures)
	})
}
