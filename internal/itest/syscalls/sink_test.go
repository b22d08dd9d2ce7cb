//go:build linux && (amd64 || arm64)

package syscalls

import (
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// sink is a log server that takes everything and notes which record came under which ID.
type sink struct {
	*httptest.Server
	mu  sync.Mutex
	ids map[string]map[string]bool // by message
	bad []string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{ids: map[string]map[string]bool{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	records, err := decode(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if r.Context().Err() == nil { // Else the child was killed in the middle of it.
			s.bad = append(s.bad, err.Error())
		}
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, rec := range records {
		body, _, _ := strings.Cut(fmt.Sprint(rec.Body), " ")
		if s.ids[body] == nil {
			s.ids[body] = map[string]bool{}
		}
		for _, a := range rec.Attrs {
			if a.Key == "ledger.log_id" {
				s.ids[body][a.Value.String()] = true
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func decode(r *http.Request) ([]otlp.DecodedRecord, error) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	req, err := otlp.DecodeRequest(raw)
	if err != nil {
		return nil, err
	}
	var out []otlp.DecodedRecord
	for _, res := range req.Resources {
		if !slices.ContainsFunc(res.Resource, func(a slog.Attr) bool { return a.Key == "service.name" && a.Value.String() == serviceName }) {
			return nil, fmt.Errorf("records came without their resource, with %v", res.Resource)
		}
		for _, scope := range res.Scopes {
			out = append(out, scope.Records...)
		}
	}
	return out, nil
}

// arrived returns the IDs of each message so far, and what could not be read.
func (s *sink) arrived() (ids map[string]map[string]bool, bad []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.ids), append([]string(nil), s.bad...)
}
