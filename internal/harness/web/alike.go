package web

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// Order posts an order to a route "/orders/:id" that answers 201 with size bytes, and
// requires that l holds the request and the answer.
func (s Server) Order(t testing.TB, l *recorded.Log, size int) {
	t.Helper()
	req := s.request(t, http.MethodPost, "/orders/7?token=t", strings.NewReader("four"))
	req.Header.Set("X-Request-Id", "r-1")
	req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	resp, err := s.Client.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	r := l.One(t)
	assert.Equal(t, "POST /orders/:id 201", r.Message)
	assert.Equal(t, ledger.TypeEndpoint, r.Type)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, "/orders/:id", r.Values["http.route"])
	assert.Equal(t, "/orders/7", r.Values["url.path"])
	assert.EqualValues(t, 201, r.Values["http.response.status_code"])
	assert.EqualValues(t, 4, r.Values["http.request.body.size"])
	assert.EqualValues(t, size, r.Values["http.response.body.size"])
	assert.Equal(t, "r-1", r.Values["request.id"])
	assert.Equal(t, map[bool]string{false: "1.1", true: "2"}[resp.ProtoMajor == 2], r.Values["network.protocol.version"])
	assert.Equal(t, byte(0x0a), r.Trace.TraceID[0])
	assert.NotContains(t, r.Values, "url.query")
}

// Stream gets a stream whose handler flushes line and then waits for end, which Stream
// closes. It requires that the line is there before the handler ends, and the record
// only after that.
func (s Server) Stream(t testing.TB, l *recorded.Log, path, line string, end chan struct{}) {
	t.Helper()
	resp, err := s.Client.Do(s.request(t, http.MethodGet, path, nil))
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := bufio.NewReader(resp.Body).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, line, got)
	assert.Empty(t, l.All())
	close(end)
	assert.EqualValues(t, 200, l.One(t).Values["http.response.status_code"])
}

// Leave sends a request with a context that its handler cancels, and requires that the
// client which left is recorded as such.
func (s Server) Leave(ctx context.Context, t testing.TB, l *recorded.Log, path string) {
	t.Helper()
	resp, err := s.Client.Do(s.request(t, http.MethodGet, path, nil).WithContext(ctx))
	if err == nil {
		resp.Body.Close()
	}
	require.ErrorIs(t, err, context.Canceled)
	r := l.One(t)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, "client_closed_request", r.Values["error.type"])
}

// TakeOver asks for an upgrade, and requires that the connection is taken over and that
// this is recorded.
func (s Server) TakeOver(t testing.TB, l *recorded.Log, path string) {
	t.Helper()
	req := s.request(t, http.MethodGet, path, nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := s.Client.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	r := l.One(t)
	assert.EqualValues(t, 101, r.Values["http.response.status_code"])
	assert.Equal(t, true, r.Values["ledger.hijacked"])
}

// Crowd sends 40 requests to a route "/a/:id" that answers 200 and 40 to a route
// "/b/:id" that answers 404, all at once, and requires a record each.
func (s Server) Crowd(t testing.TB, l *recorded.Log) {
	t.Helper()
	var wg sync.WaitGroup
	for range 40 {
		for _, path := range []string{"/a/1", "/b/1"} {
			req := s.request(t, http.MethodGet, path, nil)
			wg.Go(func() {
				resp, err := s.Client.Do(req)
				if assert.NoError(t, err) {
					assert.NoError(t, resp.Body.Close())
				}
			})
		}
	}
	wg.Wait()
	messages := map[string]int{}
	for _, r := range l.Wait(t, 80) {
		messages[r.Message]++
	}
	assert.Equal(t, map[string]int{"GET /a/:id 200": 40, "GET /b/:id 404": 40}, messages)
}
