package sender

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// serve starts a real server and returns a poster for it.
func serve(t *testing.T, cfg Config, h http.HandlerFunc) (*poster, *httptest.Server) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Start()
	t.Cleanup(srv.Close)
	cfg.URL = srv.URL + "/v1/logs"
	cfg = cfg.withDefaults()
	require.NoError(t, cfg.validate())
	p := newPoster(&cfg)
	t.Cleanup(p.client.CloseIdleConnections)
	return p, srv
}

// batchOf is a batch of real records.
func batchOf(n int) *wal.Batch {
	b := &wal.Batch{Resource: 1}
	for i := range n {
		b.Data = otlp.AppendRecord(b.Data, &otlp.Record{Time: 1, Severity: 9, Body: fmt.Sprintf("record %d", i+1)})
		b.Entries = append(b.Entries, wal.Entry{Offset: wal.Offset(i + 1), End: len(b.Data)})
	}
	return b
}

func bodyOf(t *testing.T, batch *wal.Batch, compression string) *body {
	t.Helper()
	b, err := new(builder).build(batch, nil, &Config{Compression: compression})
	require.NoError(t, err)
	return b
}

func TestRequestIsTheWholeOTLPRequest(t *testing.T) {
	for _, compression := range []string{CompressionGzip, CompressionNone} {
		var got *http.Request
		var content []byte
		cfg := Config{
			Compression: compression, APIKey: "ledger_k", UserAgent: "ledger-go/1.2", ScopeName: "scope", ScopeVersion: "3",
			Header: http.Header{"X-Tenant": {"a", "b"}, "Authorization": {"Basic no"}, "Content-Encoding": {"br"}},
		}
		p, _ := serve(t, cfg, func(_ http.ResponseWriter, r *http.Request) {
			got = r
			content, _ = io.ReadAll(r.Body)
		})
		batch := batchOf(3)
		b, err := new(builder).build(batch, nil, &cfg)
		require.NoError(t, err)
		a := p.post(t.Context(), b)
		require.NoError(t, a.answer.err)
		assert.Equal(t, 200, a.answer.status)
		assert.Equal(t, 1, a.writes)
		assert.Zero(t, a.ambiguous())

		assert.Equal(t, "POST /v1/logs", got.Method+" "+got.URL.Path)
		assert.Equal(t, "application/x-protobuf", got.Header.Get("Content-Type"))
		assert.Equal(t, []string{"Bearer ledger_k"}, got.Header["Authorization"])
		assert.Equal(t, "ledger-go/1.2", got.Header.Get("User-Agent"))
		assert.Equal(t, []string{"a", "b"}, got.Header["X-Tenant"])
		assert.NotContains(t, got.Header, "Idempotency-Key")
		assert.Equal(t, int64(len(content)), got.ContentLength)
		if compression == CompressionGzip {
			assert.Equal(t, "gzip", got.Header.Get("Content-Encoding"))
			z, err := gzip.NewReader(bytes.NewReader(content))
			require.NoError(t, err)
			content, err = io.ReadAll(z)
			require.NoError(t, err)
		} else {
			assert.NotContains(t, got.Header, "Content-Encoding")
		}
		assert.Len(t, content, b.raw)
		req, err := otlp.DecodeRequest(content)
		require.NoError(t, err)
		require.Len(t, req.Resources, 1)
		scope := req.Resources[0].Scopes[0]
		assert.Equal(t, "scope 3", scope.Name+" "+scope.Version)
		require.Len(t, scope.Records, 3)
		assert.Equal(t, "record 3", scope.Records[2].Body)
	}
}

func TestBodyOfOneBatchIsTheSameWhateverWasBuiltBefore(t *testing.T) {
	var u builder
	cfg := &Config{Compression: CompressionGzip}
	fresh := bodyOf(t, batchOf(100), CompressionGzip)
	for range 3 {
		for _, n := range []int{1000, 100, 1} {
			b, err := u.build(batchOf(n), nil, cfg)
			require.NoError(t, err)
			if n == 100 {
				assert.Equal(t, fresh.b, b.b)
			}
			u.retire(b)
		}
	}
}

// The transport may still be reading a body when its request has been answered.
func TestBodyThatIsStillReadIsNotWrittenOver(t *testing.T) {
	var u builder
	cfg := &Config{Compression: CompressionNone}
	first, err := u.build(batchOf(10), nil, cfg)
	require.NoError(t, err)
	want := bytes.Clone(first.b)
	slow, fast := first.reader(), first.reader()
	u.retire(first)
	require.NoError(t, fast.Close())
	require.NoError(t, fast.Close(), "twice is once")
	second, err := u.build(batchOf(20), nil, cfg)
	require.NoError(t, err)
	got, err := io.ReadAll(slow)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	require.NoError(t, slow.Close())

	u.retire(second)
	third, err := u.build(batchOf(1), nil, cfg)
	require.NoError(t, err)
	assert.Same(t, second, third, "memory is used again when nobody reads it")
}

func TestOneConnectionServesAHundredBatches(t *testing.T) {
	var opened atomic.Int32
	answers := []func(w http.ResponseWriter){
		func(http.ResponseWriter) {},
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", protobuf)
			_, _ = w.Write([]byte("\x0a\x04\x12\x02hi"))
		},
		func(w http.ResponseWriter) { http.Error(w, strings.Repeat("x", 100_000), http.StatusBadGateway) },
		func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>"+strings.Repeat("x", 1_000_000)) },
	}
	var n atomic.Int32
	h := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answers[int(n.Add(1))%len(answers)](w)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(h))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	cfg := Config{URL: srv.URL}.withDefaults()
	p := newPoster(&cfg)
	defer p.client.CloseIdleConnections()
	b := bodyOf(t, batchOf(1000), CompressionGzip)
	for range 100 {
		require.NoError(t, p.post(t.Context(), b).answer.err)
	}
	assert.Equal(t, int32(1), opened.Load())
	assert.True(t, b.idle())
}

func TestHTTP2IsSpokenWhereItIsOffered(t *testing.T) {
	var proto atomic.Value
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { proto.Store(r.Proto) }))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	cfg := Config{URL: srv.URL}.withDefaults()
	p := newPoster(&cfg)
	defer p.client.CloseIdleConnections()
	p.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	require.NoError(t, p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer.err)
	assert.Equal(t, "HTTP/2.0", proto.Load())
}

// A server that closes an idle connection at the moment it is used again must not
// look like an outage. The request that got no answer is counted all the same.
func TestRequestOnAConnectionThatWasClosedIsRepeatedAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var served sync.WaitGroup
	defer served.Wait()
	defer l.Close()
	answerOne := func(c net.Conn) *http.Request {
		req := readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		return req
	}
	served.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		answerOne(c)
		readRequest(c) // Takes the second request and closes without an answer.
		_ = c.Close()
		if c, err = l.Accept(); err == nil {
			answerOne(c)
			_ = c.Close()
		}
	})
	cfg := Config{URL: "http://" + l.Addr().String()}.withDefaults()
	p := newPoster(&cfg)
	defer p.client.CloseIdleConnections()
	b := bodyOf(t, batchOf(10), CompressionGzip)
	require.NoError(t, p.post(t.Context(), b).answer.err)
	a := p.post(t.Context(), b)
	require.NoError(t, a.answer.err)
	assert.Equal(t, 2, a.writes)
	assert.Equal(t, 1, a.ambiguous())
}

// readRequest reads one request with its body from a raw connection.
func readRequest(c net.Conn) *http.Request {
	var head []byte
	one := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if _, err := c.Read(one); err != nil {
			return nil
		}
		head = append(head, one[0])
	}
	var n int64
	for line := range strings.SplitSeq(string(head), "\r\n") {
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &n)
	}
	_, _ = io.CopyN(io.Discard, c, n)
	return &http.Request{}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPanicOfTheUsersClientIsAFailedAttempt(t *testing.T) {
	cfg := Config{URL: "http://h", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { panic("boom") })}}.withDefaults()
	a := newPoster(&cfg).post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
	require.ErrorIs(t, a.answer.err, errPanic)
	assert.Equal(t, temporary, classify(a.answer, time.Now(), false).kind)
}

func TestConnectionsOfTheUsersClientAreLeftAlone(t *testing.T) {
	closed := false
	tr := &closable{close: func() { closed = true }}
	cfg := Config{URL: "http://h", HTTPClient: &http.Client{Transport: tr}}.withDefaults()
	p := newPoster(&cfg)
	p.refresh()
	assert.False(t, closed)
	p.own = true
	p.refresh()
	assert.True(t, closed)
}

func TestTransportErrorMakesTheNextAttemptDialAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var closed atomic.Int32
		cfg := small()
		cfg.HTTPClient = &http.Client{Transport: &closable{close: func() { closed.Add(1) }}}
		source := newFakeLog(t)
		s, err := New(source, &fakeStore{}, cfg)
		require.NoError(t, err)
		s.post.own = true
		source.add(10)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.NoError(t, s.Run(ctx))
		assert.Equal(t, int32(6), closed.Load(), "after three attempts, before two of them, and at the end")
	})
}

type closable struct{ close func() }

func (*closable) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no") }
func (c *closable) CloseIdleConnections()                         { c.close() }

// The whole sender against a real server: everything arrives, once, over no more
// connections than requests in flight.
func TestSenderAgainstARealServer(t *testing.T) {
	var mu sync.Mutex
	got := map[string]int{}
	var opened, fail atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fail.Add(1) == 3 {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		content, _ := io.ReadAll(z)
		mu.Lock()
		defer mu.Unlock()
		for _, m := range payloadPattern.FindAll(content, -1) {
			got[string(m)]++
		}
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	source, store := newFakeLog(t), &fakeStore{}
	source.add(20_000)
	s, err := New(source, store, Config{URL: srv.URL, FlushSize: 100, Retry: Retry{Initial: 10 * time.Millisecond}, RateLimit: RateLimit{RequestsPerMinute: -1}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { _ = s.Run(ctx) })
	require.NoError(t, s.Flush(t.Context(), 20_000))
	cancel()
	run.Wait()
	assert.Len(t, got, 20_000)
	for _, n := range got {
		require.Equal(t, 1, n)
	}
	assert.LessOrEqual(t, opened.Load(), int32(10), "200 requests")
	assert.Equal(t, wal.Offset(20_000), store.head())
}
