package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	pageSize = 1000
	maxPages = 1000
	maxPage  = 64 << 20 // bytes
)

// stored is what the server has.
type stored struct {
	records    int            // of every kind
	requests   map[string]int // how often it has each request id
	duplicates uint64         // copies that it recognised and did not store again
}

// page is an answer of GET /api/v1/logs.
type page struct {
	Logs []struct {
		Attributes map[string]any `json:"attributes"`
	} `json:"logs"`
	HasMore bool   `json:"has_more"`
	Next    string `json:"next_cursor"`
}

// store is the server's search API.
type store struct {
	base   string
	client http.Client
}

// newStore returns the store of the server at base. The caller closes it.
func newStore(base string) *store {
	return &store{base: base, client: http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}}
}

func (st *store) close() { st.client.CloseIdleConnections() }

// read reads all records.
func (st *store) read(ctx context.Context) (stored, error) {
	s := stored{requests: map[string]int{}}
	cursor := ""
	for range maxPages {
		var p page
		query := url.Values{"limit": {strconv.Itoa(pageSize)}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		if err := st.get(ctx, "/api/v1/logs?"+query.Encode(), &p); err != nil {
			return s, err
		}
		s.records += len(p.Logs)
		for _, l := range p.Logs {
			// Only the middleware's record has both; application logs of the
			// request may carry its id as well.
			id, ok := l.Attributes["request.id"].(string)
			if _, isRequest := l.Attributes["http.response.status_code"]; ok && isRequest {
				s.requests[id]++
			}
		}
		if !p.HasMore {
			var stats struct {
				Duplicates uint64 `json:"duplicates"`
			}
			err := st.get(ctx, "/api/v1/stats", &stats)
			s.duplicates = stats.Duplicates
			return s, err
		}
		cursor = p.Next
	}
	return s, fmt.Errorf("read store: more than %d pages", maxPages)
}

// get decodes the JSON at a path.
func (st *store) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, st.base+path, nil)
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	resp, err := st.client.Do(req)
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("read store: %s", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxPage)).Decode(into); err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	return nil
}

// wait waits until the server answers, or is gone.
func (st *store) wait(ctx context.Context, gone <-chan struct{}) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := st.get(ctx, "/api/v1/stats", new(struct{}))
		if err == nil {
			return nil
		}
		select {
		case <-gone:
			return fmt.Errorf("the server ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-ticker.C:
		}
	}
}
