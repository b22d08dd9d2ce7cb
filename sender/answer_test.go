package sender

import (
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
)

func TestRedirectIsNotFollowedWithTheKey(t *testing.T) {
	var reached atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer other.Close()
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}
	follow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }, Transport: &http.Transport{}}
	defer follow.CloseIdleConnections()
	for _, client := range []*http.Client{nil, follow} {
		p, _ := serve(t, Config{APIKey: "k", HTTPClient: client}, redirect)
		a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
		require.NoError(t, a.answer.err)
		assert.Equal(t, http.StatusTemporaryRedirect, a.answer.status)
	}
	assert.False(t, reached.Load())
	assert.NoError(t, follow.CheckRedirect(nil, nil), "the user's client is not changed")
}

func TestAnswerIsUnderstoodByItsType(t *testing.T) {
	partialBody := string([]byte{0x0a, 0x08, 0x08, 0x03, 0x12, 0x04, 'w', 'h', 'y', '!'})
	statusBody := string([]byte{0x08, 0x03, 0x12, 0x03, 'b', 'a', 'd'})
	tests := []struct {
		name, content, body string
		status              int
		rejected            int64
		message             string
	}{
		{"partial success", protobuf, partialBody, 200, 3, "why!"},
		{"with a parameter", protobuf + "; charset=utf-8", partialBody, 202, 3, "why!"},
		{"of another type", "application/json", partialBody, 200, 0, ""},
		{"without a type", "", partialBody, 200, 0, ""},
		{"garbage", protobuf, "\xff\xff\xff", 200, 0, ""},
		{"empty", protobuf, "", 200, 0, ""},
		{"status", protobuf, statusBody, 400, 0, "bad"},
		{"no status", protobuf, "\xff\xff", 400, 0, ""},
		{"json", "application/json", "{\"detail\":\n\"bad key\"}", 401, 0, `{"detail": "bad key"}`},
		{"text", "text/plain", "no\x1b[2J such key k3y_topsecret", 401, 0, "no [2J such key [redacted]"},
		{"long text", "text/plain", strings.Repeat("x", 5000), 401, 0, strings.Repeat("x", 200)},
		{"html", "text/html", "<html><script>x</script>", 502, 0, ""},
		{"binary", "", "\x00\x01\x02\x03\x04", 502, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := serve(t, Config{APIKey: "k3y_topsecret"}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{tt.content}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer
			require.NoError(t, a.err)
			assert.Equal(t, tt.status, a.status)
			assert.Equal(t, tt.rejected, a.response.Rejected)
			assert.Equal(t, tt.message, a.message)
		})
	}
}

func TestHugeAnswerIsReadToItsLimitOnly(t *testing.T) {
	var sent atomic.Int64
	p, _ := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			n, err := w.Write(make([]byte, 1<<20))
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer
	require.NoError(t, a.err)
	assert.Equal(t, delivered, classify(a, time.Now(), false).kind)
	p.client.CloseIdleConnections()
	assert.Less(t, sent.Load(), int64(100<<20))
}

// A 2xx whose protobuf answer is cut short may have said that nothing was stored.
func TestAnswerCutShortIsNotA2xxThatCoversTheBatchS1(t *testing.T) {
	cut := func(content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", content)
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusOK)
		}
	}
	p, _ := serve(t, Config{}, cut(protobuf))
	a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
	require.ErrorIs(t, a.answer.err, errAnswerCut)
	assert.Equal(t, temporary, classify(a.answer, time.Now(), false).kind)
	assert.Equal(t, 1, a.ambiguous())

	p, _ = serve(t, Config{}, cut("text/plain"))
	a = p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
	require.NoError(t, a.answer.err, "nothing in it matters")
}

func TestTimeoutCoversTheWholeExchange(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	for name, h := range map[string]http.HandlerFunc{
		"hang": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-release
		},
		"slow answer": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", protobuf)
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-release
		},
	} {
		p, srv := serve(t, Config{Timeout: time.Second}, h)
		a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
		require.Error(t, a.answer.err, name)
		assert.Contains(t, []string{"timeout", "answer cut short"}, describe(a.answer.err), name)
		assert.Equal(t, 1, a.ambiguous(), "it was written and not answered")
		srv.CloseClientConnections()
	}
}

func TestRefusedIsNotAmbiguous(t *testing.T) {
	p, srv := serve(t, Config{}, func(http.ResponseWriter, *http.Request) {})
	srv.Close()
	a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
	assert.Equal(t, "connection refused", describe(a.answer.err))
	assert.Zero(t, a.ambiguous())
}

func TestPlainServerBehindHTTPSIsATLSFailure(t *testing.T) {
	p, srv := serve(t, Config{}, func(http.ResponseWriter, *http.Request) {})
	p.url = strings.Replace(srv.URL, "http://", "https://", 1)
	a := p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
	require.Error(t, a.answer.err)
	assert.Contains(t, []string{"TLS handshake failed", "request failed"}, describe(a.answer.err))

	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	p.url = secure.URL
	a = p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone))
	assert.Equal(t, "TLS certificate not accepted: unknown authority", describe(a.answer.err))
}
