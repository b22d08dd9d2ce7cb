package proxies

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// sink is a log server that notes each record by its ID.
type sink struct {
	addr string

	mu      sync.Mutex
	manner  manner
	records map[string]otlp.DecodedRecord
	copies  uint64   // arrivals of records that were there already
	faults  []string // what no correct client sends
}

// manner is how a sink treats requests.
type manner int

const (
	takes          manner = iota
	hangs                 // neither stores nor answers
	storesAndHangs        // stores, and does not answer
	storesAndCuts         // stores, and cuts the connection
)

// newSink prepares a sink that does not listen yet.
func newSink(addr string) *sink {
	return &sink{addr: addr, records: map[string]otlp.DecodedRecord{}}
}

// listening returns one that does.
func listening(t *testing.T) *sink {
	t.Helper()
	s := newSink("127.0.0.1:0")
	s.listen(t)
	return s
}

func (s *sink) listen(t *testing.T) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", s.addr)
	require.NoError(t, err)
	s.addr = l.Addr().String()
	srv := &http.Server{Handler: s}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // Until Close.
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
}

// behave sets how requests are treated from now on.
func (s *sink) behave(m manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manner = m
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // It was cut off on its way, and does not count.
	}
	s.mu.Lock()
	m := s.manner
	if m != hangs {
		s.store(body, r.Header.Get("Content-Encoding"))
	}
	s.mu.Unlock()
	switch m {
	case hangs, storesAndHangs:
		<-r.Context().Done() // Whoever waited for the answer has given up.
	case storesAndCuts:
		panic(http.ErrAbortHandler)
	case takes:
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
}

// store notes the records of a request. The caller holds mu.
func (s *sink) store(body []byte, encoding string) {
	records, err := decode(body, encoding)
	if err != nil {
		s.faults = append(s.faults, err.Error())
	}
	for _, r := range records {
		id, _ := attr(r, "ledger.log_id").(string)
		was, known := s.records[id]
		switch {
		case id == "":
			s.faults = append(s.faults, fmt.Sprintf("a record without an ID: %v", r.Body))
		case !known:
			s.records[id] = r
		case reflect.DeepEqual(was, r):
			s.copies++
		default:
			s.faults = append(s.faults, "S2: another record with the ID "+id)
		}
	}
}

// arrived returns the numbers that arrived, in their order, one per record ID, and how
// many copies there were.
func (s *sink) arrived(t *testing.T) (numbers []int, copies uint64) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Empty(t, s.faults)
	for _, r := range s.records {
		numbers = append(numbers, number(r))
	}
	slices.Sort(numbers)
	return numbers, s.copies
}

// count returns how many records arrived so far.
func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.records)
}

func decode(body []byte, encoding string) ([]otlp.DecodedRecord, error) {
	if encoding == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	req, err := otlp.DecodeRequest(body)
	if err != nil {
		return nil, err
	}
	return logserver.Records(req), nil
}

func attr(r otlp.DecodedRecord, key string) any {
	i := slices.IndexFunc(r.Attrs, func(a slog.Attr) bool { return a.Key == key })
	if i < 0 {
		return nil
	}
	return r.Attrs[i].Value.Any()
}

// number returns the number of a record, -1 if it has none: it was never logged.
func number(r otlp.DecodedRecord) int {
	n, ok := attr(r, "n").(int64)
	if !ok {
		return -1
	}
	return int(n)
}
