package faults

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// sink is a log server with a book for each path.
type sink struct {
	url    string
	client *http.Client // keeps its connections from one ledger client to the next
	mu     sync.Mutex
	books  map[string]*book
}

// book holds what arrived under one path.
type book struct {
	url    string
	client *http.Client

	mu        sync.Mutex
	status    int // answered to each request; 0 accepts
	requests  int
	closing   int               // the answer is 503 behind so many requests; 0 is never
	records   map[string]string // the bytes of each record by its ID
	bodies    map[string]string // its message
	resources map[string]string // the bytes of its resource
	again     int               // arrivals of a record that was there already
	wrong     []string          // what no correct client sends
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{books: map[string]*book{}}
	srv := httptest.NewServer(s)
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	s.url, s.client = srv.URL, &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	return s
}

// book opens the book of a name, empty if it is new.
func (s *sink) book(name string) *book {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.books[name]
	if b == nil {
		b = &book{
			url: s.url + "/" + name, client: s.client,
			records: map[string]string{}, bodies: map[string]string{}, resources: map[string]string{},
		}
		s.books[name] = b
	}
	return b
}

// fresh opens a book that nobody has used.
func (s *sink) fresh() *book {
	s.mu.Lock()
	name := fmt.Sprintf("book-%d", len(s.books))
	s.mu.Unlock()
	return s.book(name)
}

// drop forgets a book.
func (s *sink) drop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.books, name)
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/v1/logs")
	s.mu.Lock()
	b := s.books[name]
	s.mu.Unlock()
	if !ok || b == nil {
		http.Error(w, "no such book", http.StatusTeapot)
		return
	}
	got, err := readArrivals(r)
	if errors.Is(err, errAborted) {
		return // The client was closed, or killed, while it sent.
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	if status := b.note(got, err); status != 0 {
		w.WriteHeader(status)
	}
}

// note enters a request and returns what to answer.
func (b *book) note(got []arrival, err error) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	if err != nil {
		b.wrong = append(b.wrong, err.Error())
	}
	if b.closing > 0 && b.requests > b.closing {
		return http.StatusServiceUnavailable
	}
	if b.status != 0 {
		return b.status
	}
	for _, a := range got {
		was, known := b.records[a.id]
		switch {
		case !known:
		case was != a.bytes:
			b.wrong = append(b.wrong, "S2: other bytes the second time: "+a.id)
		default:
			b.again++
		}
		b.records[a.id], b.bodies[a.id], b.resources[a.id] = a.bytes, a.body, a.resource
	}
	return 0
}

// answer makes every request be answered with status; 0 accepts again.
func (b *book) answer(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}

// close makes the sink refuse every request after n more.
func (b *book) close(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closing = b.requests + n
}

// all returns the bytes of every record by ID.
func (b *book) all() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.records)
}

// messages returns how many different records had each message.
func (b *book) messages() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]int{}
	for _, body := range b.bodies {
		out[body]++
	}
	return out
}

// faults returns what no correct client sends.
func (b *book) faults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.wrong...)
}

// errAborted is matched by the error for a request that did not arrive whole.
var errAborted = errors.New("request aborted")

// arrival is one record of a request.
type arrival struct{ id, body, bytes, resource string }

func readArrivals(r *http.Request) ([]arrival, error) {
	body, err := logserver.Plain(r)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, errors.Join(errAborted, err)
	}
	return splitRequest(raw)
}

// splitRequest takes an ExportLogsServiceRequest apart without changing a byte of the
// records in it.
func splitRequest(raw []byte) (out []arrival, err error) {
	err = logserver.Split(raw, func(resource, stored []byte) error {
		a, err := newArrival(stored, resource)
		out = append(out, a)
		return err
	})
	return out, err
}

// newArrival decodes a record in its stored form.
func newArrival(stored, resource []byte) (arrival, error) {
	rec, _, err := otlp.DecodeRecord(stored)
	if err != nil {
		return arrival{}, err
	}
	a := arrival{body: fmt.Sprint(rec.Body), bytes: string(stored), resource: string(resource)}
	for _, attr := range rec.Attrs {
		if attr.Key == "ledger.log_id" {
			a.id = fmt.Sprint(attr.Value.Any())
		}
	}
	if a.id == "" {
		return a, fmt.Errorf("a record without an ID: %q", a.body)
	}
	return a, nil
}
