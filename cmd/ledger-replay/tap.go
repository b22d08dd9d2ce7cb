package main

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// maxAnswer is how much of an answer is read, the limit OTLP names.
const maxAnswer = 4 << 20

// tap is the transport of a replay. It takes the refusals out of the answers that
// are a partial success: the server keeps the others and does not say which, so the
// batch must not be sent again, and nothing is lost by going on, because the
// records stay in the directory. They are counted here and reported at the end.
type tap struct {
	next   *http.Transport
	redact func(string) string

	mu       sync.Mutex
	rejected int64
	message  string // of the last refusal; the server's words
}

func newTap(maxInFlight int, redact func(string) string) *tap {
	return &tap{redact: redact, next: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: maxInFlight,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}}
}

// RoundTrip implements [http.RoundTripper].
func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp, err
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // Unknown is not ours to read.
	if media != "application/x-protobuf" {
		return resp, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err // Half an answer may hide a refusal.
	}
	if answer, err := otlp.ParseResponse(body); err == nil && answer.Rejected > 0 {
		t.note(answer)
		body = nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func (t *tap) note(answer otlp.Response) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rejected += answer.Rejected
	if answer.Message != "" {
		t.message = t.redact(answer.Message)
	}
}

// refusals returns how many records were refused, and the last reason.
func (t *tap) refusals() (int64, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rejected, t.message
}

func (t *tap) close() { t.next.CloseIdleConnections() }
