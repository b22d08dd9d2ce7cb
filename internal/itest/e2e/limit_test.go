package e2e

import (
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// bodyLimit is for some fifty records.
const bodyLimit = 16 << 10

// refusals counts the answers of the Collector that say 400.
type refusals struct {
	http.Transport
	n atomic.Int64
}

func (r *refusals) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.Transport.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusBadRequest {
		r.n.Add(1)
	}
	return resp, err
}

// limited is a Collector with a small limit, and how to open clients for it.
func limited(t *testing.T) (*server, *refusals, ledger.Config) {
	t.Helper()
	srv := newServer(t)
	srv.limit = bodyLimit
	srv.start()
	r := &refusals{}
	t.Cleanup(r.CloseIdleConnections)
	cfg := directConfig(t.TempDir(), srv.endpoint())
	// Nothing goes before Flush, so that every batch but the last is as large as it may be.
	cfg.FlushSize, cfg.FlushInterval, cfg.HTTPClient = 1000, time.Hour, &http.Client{Transport: r}
	return srv, r, cfg
}

// numbersOnce returns the numbers that arrived, in their order of arrival, and requires
// that none arrived twice.
func numbersOnce(t *testing.T, srv *server) []int {
	t.Helper()
	all := srv.records()
	first := distinct(t, all)
	require.Len(t, first, len(all), "a refused request leaves nothing behind")
	numbers := make([]int, len(first))
	for i, r := range first {
		numbers[i] = number(r)
	}
	return numbers
}

func TestTheCollectorsLimitIsLearnedAndKept(t *testing.T) {
	srv, r, cfg := limited(t)
	const part = 900
	next := 0
	logPart := func(c *ledger.Client) {
		t.Helper()
		for range part {
			require.NoError(t, logNumber(t.Context(), c, next))
			next++
		}
		require.NoError(t, c.Flush(within(t, 30*time.Second)))
	}
	c, err := ledger.Open(cfg)
	require.NoError(t, err)
	logPart(c)
	found := c.Stats().Delivery
	refused := r.n.Load()
	assert.Positive(t, refused)
	assert.Equal(t, uint64(refused), found.Splits, "each refusal halves a batch")
	assert.Zero(t, found.Failures+found.Holds+found.Ambiguous)
	learned := found.Learned.MaxBytes
	require.Positive(t, learned)
	assert.Less(t, learned, bodyLimit)

	logPart(c)
	kept := c.Stats().Delivery
	assertFull(t, kept.RawBytes-found.RawBytes, kept.Requests-found.Requests, learned)
	require.NoError(t, c.Close())

	c = open(t, cfg)
	logPart(c)
	again := c.Stats()
	assertFull(t, again.Delivery.RawBytes-kept.RawBytes, again.Delivery.Requests-kept.Requests, learned)
	assert.Equal(t, refused, r.n.Load(), "a restart does not forget it: nothing was refused any more")
	assert.Equal(t, learned, again.Delivery.Learned.MaxBytes)

	// One request at a time: halving keeps the order, too.
	assert.Equal(t, span(0, next), numbersOnce(t, srv))
	assert.Equal(t, uint64(next), again.Delivered)
	assert.Zero(t, again.Dead+again.Pending+again.Evicted+again.Lost)
	t.Logf("%d refusals, learned %d of %d bytes; %d requests for %d records, then %d",
		refused, learned, bodyLimit, found.Requests, part, kept.Requests-found.Requests)
}

// assertFull requires that requests with so many bytes in all were as few as the size
// that was learned allows, within a tenth.
func assertFull(t *testing.T, bytes, requests uint64, size int) {
	t.Helper()
	least := bytes/uint64(size) + 1
	assert.LessOrEqual(t, requests, least+least/10+1)
	assert.GreaterOrEqual(t, requests+1, least)
}

func TestARecordAboveTheCollectorsLimitIsADeadLetterUntilItIsRaised(t *testing.T) {
	srv, _, cfg := limited(t)
	c := open(t, cfg)
	const guilty, logged = 150, 300
	for n := range logged {
		size := 0
		if n == guilty {
			size = 2 * bodyLimit
		}
		require.NoError(t, c.Log(t.Context(), ledger.Record{
			Message: "number", Attrs: []slog.Attr{slog.Int("n", n), slog.String("text", strings.Repeat("x", size))},
		}))
	}
	require.NoError(t, c.Flush(within(t, 30*time.Second)))
	others := append(span(0, guilty), span(guilty+1, logged-guilty-1)...)
	assert.Equal(t, others, numbersOnce(t, srv))
	s := c.Stats()
	assert.Equal(t, uint64(logged-1), s.Delivered)
	assert.Equal(t, uint64(1), s.Dead)
	assert.Equal(t, uint64(1), s.Reasons[ledger.ReasonTooLarge])
	assert.Zero(t, s.Pending+s.Evicted+s.Lost)
	letters, err := c.DeadLetters(0)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	assert.Equal(t, ledger.ReasonTooLarge, letters[0].Reason)
	assert.Equal(t, http.StatusBadRequest, letters[0].Status)
	assert.Equal(t, "http: request body too large", letters[0].Message)
	assert.Equal(t, uint64(guilty+1), letters[0].Offset)

	redriven, err := c.Redrive(within(t, 30*time.Second))
	require.NoError(t, err)
	assert.Equal(t, ledger.Redriven{Refused: 1}, redriven, "the limit is as it was")
	srv.stop()
	srv.limit = 0
	srv.start()
	redriven, err = c.Redrive(within(t, 30*time.Second))
	require.NoError(t, err)
	assert.Equal(t, ledger.Redriven{Delivered: 1}, redriven)
	assert.Equal(t, append(others, guilty), numbersOnce(t, srv))
	s = c.Stats()
	assert.Equal(t, uint64(logged), s.Delivered)
	assert.Zero(t, s.Dead)
	letters, err = c.DeadLetters(0)
	require.NoError(t, err)
	assert.Empty(t, letters)
}
