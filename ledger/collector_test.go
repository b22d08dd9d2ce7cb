package ledger_test

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// arrival is one record as a server received it.
type arrival struct {
	id, body string
	time     int64
	attrs    map[string]any
	resource map[string]any
	record   otlp.DecodedRecord
}

// collector is a log server that remembers everything it accepted, in order.
type collector struct {
	*httptest.Server
	mu       sync.Mutex
	arrived  []arrival
	requests int
	status   int // answered to each request; 0 accepts
	headers  []http.Header
	seen     []arrival       // also of requests that were refused
	conns    map[string]bool // by the client's address, false once closed
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{conns: map[string]bool{}}
	c.Server = httptest.NewUnstartedServer(c)
	c.Config.ConnState = func(conn net.Conn, is http.ConnState) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.conns[conn.RemoteAddr().String()] = is != http.StateClosed
	}
	c.Start()
	t.Cleanup(c.Close)
	return c
}

// answer makes the collector answer every request with status; 0 accepts again.
func (c *collector) answer(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// awaitGone waits until a client that is closed has nothing left here: a request that it
// gave up may still be on its way, and would be treated as the collector answers by then.
func (c *collector) awaitGone(t *testing.T) {
	t.Helper()
	last, err := net.Dial("tcp", c.Listener.Addr().String()) // Accepted after all others.
	require.NoError(t, err)
	require.NoError(t, last.Close())
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, accepted := c.conns[last.LocalAddr().String()]
		return accepted && !slices.Contains(slices.Collect(maps.Values(c.conns)), true)
	}, patience, time.Millisecond)
}

// awaitRequests waits for n more requests.
func (c *collector) awaitRequests(t *testing.T, n int) {
	t.Helper()
	until := c.count() + n
	require.Eventually(t, func() bool { return c.count() >= until }, patience, time.Millisecond)
}

// count returns how many requests came.
func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got, err := decode(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.headers = append(c.headers, r.Header.Clone())
	if err != nil || r.URL.Path != "/v1/logs" {
		http.Error(w, fmt.Sprint(r.URL.Path, err), http.StatusBadRequest)
		return
	}
	c.seen = append(c.seen, got...)
	if c.status != 0 {
		w.WriteHeader(c.status)
		return
	}
	c.arrived = append(c.arrived, got...)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func decode(r *http.Request) ([]arrival, error) {
	req, err := logserver.Decode(r)
	if err != nil {
		return nil, err
	}
	var out []arrival
	for _, res := range req.Resources {
		resource := logserver.Values(res.Resource)
		for _, s := range res.Scopes {
			for _, rec := range s.Records {
				out = append(out, newArrival(rec, resource))
			}
		}
	}
	return out, nil
}

func newArrival(rec otlp.DecodedRecord, resource map[string]any) arrival {
	a := arrival{body: fmt.Sprint(rec.Body), time: rec.Time, attrs: logserver.Values(rec.Attrs), resource: resource, record: rec}
	a.id = fmt.Sprint(a.attrs["ledger.log_id"])
	return a
}

// all returns what was accepted so far.
func (c *collector) all() []arrival {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]arrival(nil), c.arrived...)
}

// bodies returns the messages that were accepted so far, in order.
func (c *collector) bodies() []string {
	var out []string
	for _, a := range c.all() {
		out = append(out, a.body)
	}
	return out
}

// unique checks that equal IDs are equal records (S2) and returns one message per ID.
func (c *collector) unique(t *testing.T) map[string]int {
	t.Helper()
	byID := map[string]arrival{}
	out := map[string]int{}
	for _, a := range c.all() {
		if first, ok := byID[a.id]; ok {
			require.Equal(t, first.record, a.record, "S2: the same record each time")
			continue
		}
		byID[a.id] = a
		out[a.body]++
	}
	return out
}
