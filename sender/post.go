package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

const (
	protobuf = "application/x-protobuf"
	// maxAnswer is how much of an answer is read, the limit OTLP names.
	maxAnswer = 4 << 20
	// maxText is how much of an answer that is not protobuf is looked at.
	maxText = 64 << 10
	// maxMessage is how much of a server's words is kept.
	maxMessage = 200
	// minSecret is how long the value of a header must be to be worth hiding:
	// hiding a tenant's "1" would spoil every message.
	minSecret = 8
)

var (
	errAnswerCut = errors.New("answer cut short")
	errPanic     = errors.New("panic in the HTTP client")
)

// poster makes single attempts. It is safe for concurrent use.
type poster struct {
	client  *http.Client
	url     string
	header  http.Header
	timeout time.Duration
	secrets []string // never shown, even if a server repeats them
	own     bool     // the client is ours, and so are its connections
	stale   atomic.Bool
}

func newPoster(c *Config) *poster {
	p := &poster{url: c.URL, timeout: c.Timeout, header: c.Header.Clone()}
	if p.header == nil {
		p.header = http.Header{}
	}
	for _, values := range p.header {
		for _, v := range values {
			if len(v) >= minSecret {
				p.secrets = append(p.secrets, v)
			}
		}
	}
	p.header.Set("Content-Type", protobuf)
	p.header.Set("User-Agent", c.UserAgent)
	p.header.Del("Content-Encoding")
	if c.Compression == CompressionGzip {
		p.header.Set("Content-Encoding", "gzip")
	}
	if c.APIKey != "" {
		p.header.Set("Authorization", "Bearer "+c.APIKey)
		p.secrets = append(p.secrets, c.APIKey)
	}
	// A batch may be stored twice without harm, thanks to its record IDs. This
	// empty value, which is not sent, tells net/http so: it then repeats a request
	// by itself when a kept connection turns out to be closed, instead of failing.
	if p.header.Get("Idempotency-Key") == "" {
		p.header["Idempotency-Key"] = []string{}
	}
	client := http.Client{}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	} else {
		p.own = true
		client.Transport = newTransport(c.MaxInFlight, c.TLS)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.client = &client
	return p
}

// attempt is one request and what came of it.
type attempt struct {
	answer answer
	// writes is how often the whole body was written. A write without an answer is
	// ambiguous: the server may have stored the records.
	writes int
}

// ambiguous returns how many of the writes got no answer.
func (a *attempt) ambiguous() int {
	if a.answer.err == nil && a.writes > 0 {
		return a.writes - 1
	}
	return a.writes
}

// post sends a body once. It returns when the answer was read, or at the timeout,
// or when ctx ends.
func (p *poster) post(ctx context.Context, b *body) (a attempt) {
	var writes atomic.Int32
	defer func() {
		if v := recover(); v != nil { // A client of the user must not end the program.
			a.answer = answer{err: fmt.Errorf("%w: %v", errPanic, v)}
		}
		a.writes = int(writes.Load())
		if a.answer.status != 0 { // It was answered before the write was reported.
			a.writes = max(a.writes, 1)
		}
	}()
	if p.stale.CompareAndSwap(true, false) {
		p.client.CloseIdleConnections()
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var reused atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { reused.Store(info.Reused) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				writes.Add(1)
			}
		},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, http.NoBody)
	if err != nil {
		return attempt{answer: answer{err: err}}
	}
	req.Header = p.header.Clone()
	req.Body, req.ContentLength = b.reader(), int64(len(b.b))
	req.GetBody = func() (io.ReadCloser, error) { return b.reader(), nil }
	resp, err := p.client.Do(req)
	if err != nil && reused.Load() && writes.Load() == 0 && ctx.Err() == nil {
		// The server closed a kept connection while the request was being written to it.
		// net/http repeats by itself what was not written at all; of this the server has a
		// part at most. That says nothing about the server.
		p.refresh()
		req = req.Clone(ctx)
		req.Body = b.reader()
		resp, err = p.client.Do(req)
	}
	if err != nil {
		return attempt{answer: answer{err: err}}
	}
	defer resp.Body.Close()
	return attempt{answer: p.read(resp)}
}

// read takes the answer in to its end, up to maxAnswer, so that the connection
// can be used again, and understands what it can.
func (p *poster) read(resp *http.Response) answer {
	a := answer{status: resp.StatusCode, header: resp.Header}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // Unknown is not ours to read.
	keep := int64(maxAnswer)
	if media != protobuf {
		keep = maxText
	}
	content, err := io.ReadAll(io.LimitReader(resp.Body, keep))
	if err == nil {
		_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer-keep) // The rest tells nothing.
	}
	switch good := a.status >= 200 && a.status <= 299; {
	case good && media == protobuf && err != nil:
		// It may say that records were rejected: not an answer that covers them (S1).
		a.err = fmt.Errorf("%w: %w", errAnswerCut, err)
	case good && media == protobuf:
		// What cannot be decoded says nothing against the status.
		if r, err := otlp.ParseResponse(content); err == nil {
			a.response, a.message = r, p.quote(r.Message)
		}
	case media == protobuf:
		if s, err := otlp.ParseStatus(content); err == nil {
			a.message = p.quote(s.Message)
		}
	case !good && isText(content):
		a.message = p.quote(string(content))
	}
	return a
}

// quote makes a server's words fit to show: printable, short, without a secret.
func (p *poster) quote(s string) string {
	for _, secret := range p.secrets {
		s = strings.ReplaceAll(s, secret, "[redacted]")
	}
	return printable(s, maxMessage)
}

func isText(b []byte) bool {
	return strings.HasPrefix(http.DetectContentType(b), "text/") && !bytes.HasPrefix(bytes.TrimSpace(b), []byte("<"))
}

// refresh drops idle connections after a transport error, so that the next
// attempt looks the name up and dials again: the server may have moved. The
// connections of a user's client are left alone.
func (p *poster) refresh() {
	if p.own {
		p.client.CloseIdleConnections()
		// HTTP/2 cleans up behind a request that timed out after it has returned, and
		// until then its connection is not idle: the next request has to look again.
		p.stale.Store(true)
	}
}
