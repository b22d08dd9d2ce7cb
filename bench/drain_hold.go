package main

import (
	"net/http"
	"sync"
)

// hold is a way to the server that is closed until it is released. Whoever drains has
// then made its first request, and has everything else before it.
type hold struct {
	next     http.RoundTripper
	first    sync.Once
	waiting  chan struct{} // closed when the first request is there
	released chan struct{}
}

func newHold() *hold {
	return &hold{
		// Both libraries get the same transport. It keeps as many connections as are used.
		next:    &http.Transport{MaxIdleConnsPerHost: drainWindow},
		waiting: make(chan struct{}), released: make(chan struct{}),
	}
}

func (h *hold) RoundTrip(r *http.Request) (*http.Response, error) {
	h.first.Do(func() { close(h.waiting) })
	select {
	case <-h.released:
		return h.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func (h *hold) release() { close(h.released) }

func (h *hold) client() *http.Client { return &http.Client{Transport: h} }
