package logserver

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// Server is a log server on loopback. It is safe for concurrent use.
type Server struct {
	// URL is the endpoint of a client.
	URL string

	mu      sync.Mutex
	records []otlp.DecodedRecord
}

// Open starts a server that ends with the test.
func Open(t testing.TB) *Server {
	t.Helper()
	s := &Server{}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

// ServeHTTP stores the records of a request, and refuses what is none.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := Decode(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, Records(request)...)
}

// Records returns what was stored so far, in order.
func (s *Server) Records() []otlp.DecodedRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.records)
}
