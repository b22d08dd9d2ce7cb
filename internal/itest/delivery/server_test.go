package delivery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ledger-sdk/ledger-go/internal/harness/logserver"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// request is what arrived.
type request struct {
	n        int // from 0
	messages []string
	size     int // of the body, uncompressed
}

// answer is what a server does.
type answer struct {
	status int
	header http.Header
	body   func() io.Reader
	// keeps is how many of the records, from the first on, it stores; below 0 all of them.
	keeps int
	after time.Duration
	// err instead of an answer, unread before the body was read.
	err    error
	unread bool
}

var accepted = answer{status: http.StatusOK, keeps: -1}

func refusal(status int) answer { return answer{status: status} }

// server is a log server that is a function. It is an http.RoundTripper.
type server struct {
	judge func(request) answer
	// at is called at each stage of each request, when nothing else happens.
	at func(stage string)

	mu       sync.Mutex
	requests []arrival
	stages   int
	took     map[string]int    // how often it stored a record, by message
	bytes    map[string]string // of each record
	wrong    []string
}

type arrival struct {
	at       time.Time
	messages []string
}

func newServer(judge func(request) answer) *server {
	return &server{judge: judge, took: map[string]int{}, bytes: map[string]string{}}
}

// behave changes what it does with the requests that come from now on.
func (s *server) behave(judge func(request) answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge = judge
}

// forget has it lose what it stored.
func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.took)
}

func always(a answer) func(request) answer { return func(request) answer { return a } }

// script answers the first requests as told, and accepts the others.
func script(answers ...answer) func(request) answer {
	return func(q request) answer {
		if q.n < len(answers) {
			return answers[q.n]
		}
		return accepted
	}
}

// stage waits until everything else has come to rest, and then tells.
func (s *server) stage(name string) {
	s.mu.Lock()
	s.stages++
	n := s.stages
	s.mu.Unlock()
	<-time.After(time.Duration(n)*time.Microsecond + 333) // At no other time does anything happen.
	if s.at != nil {
		s.at(name)
	}
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	defer req.Body.Close()
	s.mu.Lock()
	q := request{n: len(s.requests)}
	s.requests = append(s.requests, arrival{at: time.Now()})
	s.mu.Unlock()
	s.stage("before the request")
	s.mu.Lock()
	judge := s.judge
	s.mu.Unlock()
	if a := judge(q); a.unread {
		return nil, a.err
	}
	body, err := logserver.Body(req)
	if err != nil {
		return nil, err
	}
	records, err := split(body)
	if err != nil {
		return nil, err
	}
	q.size = len(body)
	for _, r := range records {
		q.messages = append(q.messages, r.message)
	}
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	s.stage("body read")
	a := judge(q)
	s.store(q, records, a.keeps)
	s.stage("about to answer")
	select {
	case <-time.After(a.after):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	resp := &http.Response{StatusCode: a.status, Header: a.header, Request: req, Body: io.NopCloser(bytes.NewReader(nil))}
	if a.body != nil {
		resp.Body = io.NopCloser(a.body())
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	return resp, nil
}

func (s *server) store(q request, records []record, keeps int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[q.n].messages = q.messages
	if keeps < 0 {
		keeps = len(records)
	}
	for i, r := range records {
		if was, ok := s.bytes[r.message]; ok && was != r.bytes {
			s.wrong = append(s.wrong, "S2: other bytes than before: "+r.message)
		}
		s.bytes[r.message] = r.bytes
		if i < keeps {
			s.took[r.message]++
		}
	}
}

// has returns how often each record was stored so far.
func (s *server) has() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.took)
}

func (s *server) arrivals() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *server) client() *http.Client { return &http.Client{Transport: s} }

type record struct{ message, bytes string }

// split takes a request apart without changing a byte of its records.
func split(b []byte) ([]record, error) {
	var out []record
	err := logserver.Split(b, func(_, stored []byte) error {
		r, err := decode(stored)
		out = append(out, r)
		return err
	})
	return out, err
}

// decode reads a record in its stored form.
func decode(stored []byte) (record, error) {
	rec, _, err := otlp.DecodeRecord(stored)
	return record{fmt.Sprint(rec.Body), string(stored)}, err
}

var errReset = errors.New("connection reset by peer")

// partially is a 200 that says how many records were rejected, and why.
func partially(rejected, keeps int, message string) answer {
	inner := protowire.AppendVarint([]byte{1 << 3}, uint64(rejected))
	inner = protowire.AppendString(append(inner, 2<<3|2), message)
	body := protowire.AppendBytes([]byte{1<<3 | 2}, inner)
	return answer{status: http.StatusOK, header: protobuf(), body: func() io.Reader { return bytes.NewReader(body) }, keeps: keeps}
}

func protobuf() http.Header { return http.Header{"Content-Type": {"application/x-protobuf"}} }

// zeros is an answer without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// cut is a body that breaks off.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, errors.New("gzip: invalid header") }

func html() io.Reader { return strings.NewReader("<html>") }

func endless() io.Reader { return zeros{} }

func broken() io.Reader { return cut{} }
