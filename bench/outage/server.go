package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
)

// server is a log server that can be away. It knows one library's wire format, and
// counts every record that it has answered with success.
type server struct {
	wire        wire
	addr        string
	unavailable atomic.Bool // answers 503
	http        *http.Server

	mu      sync.Mutex
	arrived map[int]int // how often, by number
	err     error       // the first request that was not understood
}

func newServer(ctx context.Context, p *ports, w wire) (*server, error) {
	l, err := p.next(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{wire: w, addr: l.Addr().String(), arrived: map[int]int{}}
	s.serve(l)
	return s, nil
}

func (s *server) url() string { return "http://" + s.addr }

func (s *server) serve(l net.Listener) {
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go s.http.Serve(l) //nolint:errcheck // It ends with close.
}

// close ends the listener and every connection: the next one is refused.
func (s *server) close() error { return s.http.Close() }

// reopen listens on the same port again.
func (s *server) reopen(ctx context.Context) error {
	l, err := listen(ctx, s.addr)
	if err != nil {
		return err
	}
	s.serve(l)
	return nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		// The client is gone, or an outage has begun. To return would be to answer 200.
		panic(http.ErrAbortHandler)
	}
	if s.unavailable.Load() {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	if err := s.count(r.Header.Get("Content-Encoding"), body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", s.wire.contentType)
	_, _ = io.WriteString(w, s.wire.answer)
}

// count notes the records of a request. One that is not understood spoils the run: its
// records would count as lost by the library.
func (s *server) count(encoding string, body []byte) error {
	numbers, err := s.numbers(encoding, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.err == nil {
			s.err = fmt.Errorf("a request was not understood: %w", err)
		}
		return err
	}
	for _, n := range numbers {
		s.arrived[n]++
	}
	return nil
}

// numbers returns those of the records in a body.
func (s *server) numbers(encoding string, body []byte) ([]int, error) {
	plain, err := decompress(encoding, body)
	if err != nil {
		return nil, err
	}
	messages, err := s.wire.messages(plain)
	if err != nil {
		return nil, err
	}
	numbers := make([]int, len(messages))
	for i, m := range messages {
		if numbers[i], err = number(m); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// missing returns how many of the calls' records have not arrived.
func (s *server) missing(calls []call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range calls {
		if !c.refused && s.arrived[c.number] == 0 {
			n++
		}
	}
	return n
}

// delivered returns how often each record has arrived, and what spoiled the count.
func (s *server) delivered() (map[int]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.arrived), s.err
}

const maxBody = 64 << 20 // of a request, before and after decompression

func decompress(encoding string, body []byte) ([]byte, error) {
	var plain io.Reader
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		plain = r
	case "zstd":
		r, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		plain = r
	default:
		return nil, fmt.Errorf("content encoding %q is not known", encoding)
	}
	return io.ReadAll(io.LimitReader(plain, maxBody))
}
