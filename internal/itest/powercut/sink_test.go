//go:build linux

package powercut

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// arrival is a record as a server took it.
type arrival struct {
	id, text string
	record   otlp.DecodedRecord
}

// sink is a log server that remembers what it answered 200 for.
type sink struct {
	*httptest.Server
	// downOdds is that it answers every so manieth request 503; 1 is always, 0 never.
	downOdds atomic.Int64
	requests atomic.Int64

	mu      sync.Mutex
	arrived []arrival
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.requests.Add(1)
	if odds := s.downOdds.Load(); odds > 0 && n%odds == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // It was cut off in the middle of it: nothing was taken.
	}
	got, err := decode(body)
	if err != nil {
		// What cannot be decoded is damage that was delivered.
		got = append(got, arrival{text: "not a request: " + err.Error()})
	}
	s.mu.Lock()
	s.arrived = append(s.arrived, got...)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// all returns what arrived so far, in order.
func (s *sink) all() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.arrived)
}

func decode(body []byte) ([]arrival, error) {
	req, err := otlp.DecodeRequest(body)
	if err != nil {
		return nil, err
	}
	var out []arrival
	for _, res := range req.Resources {
		for _, scope := range res.Scopes {
			for _, rec := range scope.Records {
				a := arrival{text: fmt.Sprint(rec.Body), record: rec}
				for _, attr := range rec.Attrs {
					if attr.Key == "ledger.log_id" {
						a.id = attr.Value.String()
					}
				}
				out = append(out, a)
			}
		}
	}
	return out, nil
}
