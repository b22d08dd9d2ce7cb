package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Counters are the fields of a service's statistics that this package reads.
type Counters struct {
	Last    uint64 `json:"last"`
	Synced  uint64 `json:"synced"`
	Acked   uint64 `json:"acked"`
	Pending uint64 `json:"pending"`
	Dead    uint64 `json:"dead"`
	Evicted uint64 `json:"evicted"`
	Lost    uint64 `json:"lost"`

	Delivery struct {
		Requests uint64 `json:"requests"`
		Resent   uint64 `json:"resent"`
	} `json:"delivery"`
}

// ReadCounters gets the statistics that a service shows at url.
func ReadCounters(ctx context.Context, client *http.Client, url string) (Counters, error) {
	var c Counters
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return c, fmt.Errorf("harness: read counters: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return c, fmt.Errorf("harness: read counters: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c, fmt.Errorf("harness: read counters: %s", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&c); err != nil {
		return c, fmt.Errorf("harness: read counters: %w", err)
	}
	return c, nil
}

// Drain waits until the service at url has nothing left to deliver, and returns its
// counters of then. The end of ctx is an error that tells what is left.
func Drain(ctx context.Context, url string) (Counters, error) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		c, err := ReadCounters(ctx, client, url)
		if err == nil && c.Pending == 0 {
			return c, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return c, fmt.Errorf("harness: drain: %d records left: %w", c.Pending, context.Cause(ctx))
		}
	}
}
