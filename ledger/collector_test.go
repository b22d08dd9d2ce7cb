package ledger_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	seen     []arrival // also of requests that were refused
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// answer makes the collector answer every request with status; 0 accepts again.
func (c *collector) answer(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// awaitRequests waits for n more requests.
func (c *collector) awaitRequests(t *testing.T, n int) {
	t.Helper()
	until := c.count() + n
	require.Eventually(t, func() bool { return c.count() >= until }, 20*time.Second, time.Millisecond)
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
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = z
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	req, err := otlp.DecodeRequest(raw)
	if err != nil {
		return nil, err
	}
	var out []arrival
	for _, res := range req.Resources {
		resource := map[string]any{}
		for _, a := range res.Resource {
			resource[a.Key] = a.Value.Any()
		}
		for _, s := range res.Scopes {
			for _, rec := range s.Records {
				out = append(out, newArrival(rec, resource))
			}
		}
	}
	return out, nil
}

func newArrival(rec otlp.DecodedRecord, resource map[string]any) arrival {
	a := arrival{body: fmt.Sprint(rec.Body), time: rec.Time, attrs: map[string]any{}, resource: resource, record: rec}
	for _, at := range rec.Attrs {
		a.attrs[at.Key] = at.Value.Any()
	}
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
