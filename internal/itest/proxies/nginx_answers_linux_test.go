package proxies

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// nginx answers for a server that is not there, or does not answer. Whether the server has
// the records nobody knows then, and so there may be copies; but the client was answered.
func TestNginxAnswersForItsServer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		down   bool
		manner manner
		reason string
		copies bool
	}{
		{"502: down", true, takes, "502 Bad Gateway", false},
		{"502: cut when it has the records", false, storesAndCuts, "502 Bad Gateway", true},
		{"504: hangs", false, hangs, "504 Gateway Timeout", false},
		{"504: hangs when it has the records", false, storesAndHangs, "504 Gateway Timeout", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newSink(ownAddr())
			srv.behave(tt.manner)
			if !tt.down {
				srv.listen(t)
			}
			n := newNginx(t, srv.addr)
			if strings.HasPrefix(tt.reason, "504") { // Elsewhere a stall of a busy machine would be one.
				n.location = "proxy_read_timeout 1s;"
			}
			n.start()
			s := newShipper(t, n.endpoint(), nil)
			s.log(300)
			eventually(t, "a few answers", func() bool { return s.Stats().Delivery.Failures >= 3 })
			h := s.Health().Delivery
			assert.Equal(t, tt.reason, h.Reason)
			assert.Empty(t, h.Message, "a page for people is no message")
			assert.Equal(t, uint64(300), s.Stats().Pending)

			srv.behave(takes)
			if tt.down {
				srv.listen(t)
			}
			books, copies := s.audit(srv)
			assert.Zero(t, books.Ambiguous, "nginx answered")
			assert.LessOrEqual(t, copies, books.Resent, "P2")
			assert.Equal(t, tt.copies, copies > 0)
			assert.Zero(t, books.Holds)
			status := tt.reason[:3]
			require.NoError(t, s.Close())
			got := tally(n.posts(), byStatus)
			assert.Equal(t, map[string]int{"200": int(books.Requests - books.Failures), status: int(books.Failures)}, got)
		})
	}
}

// nginx counts the bytes of a body as they are sent, compressed or not.
func TestNginxLimitsBodies(t *testing.T) {
	for _, compression := range []string{"gzip", "none"} {
		t.Run(compression, func(t *testing.T) {
			t.Parallel()
			srv := listening(t)
			n := newNginx(t, srv.addr)
			n.location = "client_max_body_size 4k;"
			n.start()
			s := newShipper(t, n.endpoint(), func(c *ledger.Config) { c.FlushSize, c.Compression = 500, compression })
			s.log(500)
			books, copies := s.audit(srv)
			assert.Zero(t, copies, "a 413 is not ambiguous")
			assert.Zero(t, books.AmbiguousRecords)
			assert.Positive(t, books.Splits)
			learned := books.Learned.MaxBytes
			assert.Positive(t, learned)

			s.log(500)
			again, _ := s.audit(srv)
			assert.Equal(t, books.Splits, again.Splits, "P4: nothing is too large any more")
			assert.Equal(t, learned, again.Learned.MaxBytes)

			s.log(30)
			huge := int(s.logged.Load())
			require.NoError(t, s.logOne(5000))
			s.log(30)
			s.deliver()
			letters, err := s.DeadLetters(0)
			require.NoError(t, err)
			require.Len(t, letters, 1)
			assert.Equal(t, "too_large", letters[0].Reason)
			assert.Equal(t, 413, letters[0].Status)
			numbers, copies := srv.arrived(t)
			assert.Equal(t, append(span(0, huge), span(huge+1, 30)...), numbers)
			assert.Zero(t, copies)
			st := s.Stats()
			assert.Equal(t, uint64(1), st.Dead)
			assert.Equal(t, st.Accepted, st.Delivered+1, "L2")
			assert.Equal(t, uint64(1), st.Reasons[ledger.ReasonTooLarge])

			n.location = "client_max_body_size 40k;"
			n.stop() // Not killed: its log is counted below.
			n.start()
			redriven, err := s.Redrive(within(t, 10*time.Second))
			require.NoError(t, err)
			assert.Equal(t, ledger.Redriven{Delivered: 1}, redriven)
			books, copies = s.audit(srv)
			assert.Zero(t, copies)
			require.NoError(t, s.Close())
			got := tally(n.posts(), byStatus)
			// A connection may have died just as a request began.
			assert.Equal(t, int(books.Requests-books.Failures), got["200"]+got["413"],
				"nginx logged %v, and %d errors for size", got, strings.Count(n.read("error.log"), "too large body"))
			assert.LessOrEqual(t, books.Failures, uint64(1))
			assert.Len(t, got, 2)
			t.Logf("%v, learned %d bytes", got, learned)
		})
	}
}

func TestNginxLimitsRequests(t *testing.T) {
	// Rates that the slowest client exceeds, if only once.
	const zone = "limit_req_zone $host zone=all:64k rate=%dr/s;"
	for _, tt := range []struct {
		name, location, status string
		records, rate          int
		pause                  float64 // least seconds from a refusal to the next request
	}{
		{"503", "limit_req zone=all;", "503", 200, 10, 0},
		{"429", "limit_req zone=all; limit_req_status 429;", "429", 200, 10, 0},
		{"429 with a time", "limit_req zone=all; limit_req_status 429; error_page 429 @busy;", "429", 60, 2, 0.99},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := listening(t)
			n := newNginx(t, srv.addr)
			n.http, n.location = fmt.Sprintf(zone, tt.rate), tt.location
			n.server = `location @busy { access_log access.log posts; add_header Retry-After 1 always; return 429; }`
			n.start()
			s := newShipper(t, n.endpoint(), func(c *ledger.Config) { c.MaxInFlight = 1 })
			s.log(tt.records)
			books, copies := s.audit(srv)
			assert.Zero(t, copies)
			assert.Zero(t, books.Ambiguous)
			require.NoError(t, s.Close())

			posts := n.posts()
			got := tally(posts, byStatus)
			assert.Positive(t, got[tt.status])
			assert.Equal(t, map[string]int{"200": int(books.Requests) - got[tt.status], tt.status: got[tt.status]}, got)
			if tt.status == "429" {
				assert.Equal(t, got["429"], int(books.Throttles))
				assert.Zero(t, books.Failures, "a pause is no failure")
			} else {
				assert.Equal(t, got["503"], int(books.Failures))
			}
			for i, p := range posts[1:] {
				if posts[i].status == tt.status {
					assert.GreaterOrEqual(t, p.at-posts[i].at, tt.pause)
				}
			}
		})
	}
}
