package otel

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness"
	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
)

// server is a log server that goes away and comes back on the same port.
type server struct {
	addr string
	http *http.Server
	mu   sync.Mutex
	took map[int64]int // how often, by id
}

func newServer(t *testing.T) *server {
	t.Helper()
	addr, err := harness.FreeAddr()
	require.NoError(t, err)
	s := &server{addr: addr, took: map[int64]int{}}
	s.up(t)
	t.Cleanup(func() { s.down(t) })
	return s
}

func (s *server) url() string { return "http://" + s.addr }

func (s *server) up(t *testing.T) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr)
	require.NoError(t, err)
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func(h *http.Server) { _ = h.Serve(l) }(s.http)
}

// down refuses connections, and ends those that there are.
func (s *server) down(t *testing.T) {
	t.Helper()
	require.NoError(t, s.http.Close())
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got, err := logserver.Decode(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil { // Its sender was killed.
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, rec := range logserver.Records(got) {
		for _, a := range rec.Attrs {
			if a.Key == "id" {
				s.took[a.Value.Int64()]++
			}
		}
	}
}

// has returns how many of the first n records it took, and how many of them twice.
func (s *server) has(n int) (once, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range int64(n) {
		if s.took[id] > 0 {
			once++
		}
		if s.took[id] > 1 {
			twice++
		}
	}
	return once, twice
}
