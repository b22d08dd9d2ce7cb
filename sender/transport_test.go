package sender

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// serveTLS starts a server behind TLS, whose certificate is valid for example.com,
// and returns what trusts it.
func serveTLS(t *testing.T, server *tls.Config, h http.HandlerFunc) (*httptest.Server, *tls.Config) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = server
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv, &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
}

// OTLP names 200 alone; real servers answer 202 and 204 too. Whichever it is, a
// partial success in it counts.
func TestEvery2xxIsASuccess(t *testing.T) {
	for _, content := range [][]byte{nil, partialOf(20)} {
		var status atomic.Int32
		p, _ := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", protobuf)
			w.WriteHeader(int(status.Load()))
			_, _ = w.Write(content)
		})
		for code := 200; code <= 299; code++ {
			status.Store(int32(code))
			want := delivered
			if content != nil && code != http.StatusNoContent {
				want = partial
			}
			a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer
			require.NoError(t, a.err, code)
			assert.Equal(t, code, a.status)
			assert.Equal(t, want, classify(a, time.Now(), true).kind, code)
		}
	}
}

// partialOf is an answer of size bytes that says that three records were rejected.
func partialOf(size int) []byte {
	message := size
	for range 4 { // The lengths in front take some bytes themselves.
		inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 3)
		inner = protowire.AppendTag(inner, 2, protowire.BytesType)
		inner = protowire.AppendString(inner, strings.Repeat("x", message))
		b := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), inner)
		if len(b) == size {
			return b
		}
		message -= len(b) - size
	}
	panic("no answer has that size")
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

// The limit that OTLP recommends counts what an answer is when it is unpacked. One
// beyond it is not understood, and its batch is not sent again.
func TestAnswerIsUnderstoodUpTo4MiB(t *testing.T) {
	for _, compression := range []string{CompressionNone, CompressionGzip} {
		var size atomic.Int64
		p, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
			w.Header().Set("Content-Type", protobuf)
			to := io.WriteCloser(plainWriter{w})
			if compression == CompressionGzip {
				w.Header().Set("Content-Encoding", "gzip")
				to, _ = gzip.NewWriterLevel(w, gzip.BestSpeed)
			}
			_, err := to.Write(partialOf(int(size.Load())))
			assert.NoError(t, errors.Join(err, to.Close()))
		})
		post := func(n int64) answer {
			size.Store(n)
			a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer
			require.NoError(t, a.err)
			return a
		}
		a := post(4 << 20)
		assert.Equal(t, int64(3), a.response.Rejected, compression)
		assert.Equal(t, strings.Repeat("x", maxMessage), a.message)

		a = post(4<<20 + 1)
		assert.Empty(t, a.message, compression)
		assert.NotEqual(t, temporary, classify(a, time.Now(), false).kind, compression)
	}
}

// An answer that never ends once it is unpacked costs neither the memory nor the
// time that it asks for.
func TestCompressedAnswerWithoutEndIsGivenUp(t *testing.T) {
	var member bytes.Buffer // Members of a gzip stream may follow each other for ever.
	z := gzip.NewWriter(&member)
	_, err := z.Write(make([]byte, 1<<20))
	require.NoError(t, errors.Join(err, z.Close()))
	for _, content := range []string{protobuf, "text/plain"} {
		p, _ := serve(t, Config{Timeout: time.Minute}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", content)
			w.Header().Set("Content-Encoding", "gzip")
			for r.Context().Err() == nil {
				if _, err := w.Write(member.Bytes()); err != nil {
					return
				}
			}
		})
		began := time.Now()
		a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer
		require.NoError(t, a.err)
		assert.Equal(t, delivered, classify(a, time.Now(), false).kind)
		assert.Less(t, time.Since(began), 30*time.Second)
		p.client.CloseIdleConnections()
	}
}

func TestTLSBelow12IsNotSpokenWhateverIsAsked(t *testing.T) {
	var requests atomic.Int32
	server := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	srv, trust := serveTLS(t, server, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	trust.MinVersion, trust.ServerName = tls.VersionTLS10, "example.com"
	cfg := Config{URL: srv.URL, TLS: trust}.withDefaults()
	p := newPoster(&cfg)
	defer p.client.CloseIdleConnections()
	a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
	require.ErrorContains(t, a.answer.err, "protocol version")
	assert.Equal(t, temporary, classify(a.answer, time.Now(), true).kind)
	assert.Zero(t, a.ambiguous())
	assert.Zero(t, requests.Load())
	assert.Equal(t, uint16(tls.VersionTLS10), trust.MinVersion, "the caller's is not changed")
}

func TestTLSOfTheConfigIsClonedAndUsed(t *testing.T) {
	var proto atomic.Value
	server := &tls.Config{MinVersion: tls.VersionTLS12}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { proto.Store(r.Proto) }))
	srv.TLS, srv.EnableHTTP2 = server, true
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	defer srv.Close()
	trust := &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
	cfg := Config{URL: srv.URL, TLS: trust}.withDefaults()
	p := newPoster(&cfg)
	defer p.client.CloseIdleConnections()
	trust.RootCAs = nil
	require.NoError(t, p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer.err)
	assert.Equal(t, "HTTP/2.0", proto.Load())
	assert.Empty(t, trust.NextProtos, "the caller's is not changed")

	cfg.TLS = nil
	p = newPoster(&cfg)
	a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer
	assert.Equal(t, "TLS certificate not accepted: unknown authority", classify(a, time.Now(), false).reason)
}
