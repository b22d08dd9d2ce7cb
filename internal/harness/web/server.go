package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// Server is a server on loopback and the client that reaches it.
type Server struct {
	URL    string
	Client *http.Client
}

// Start serves h until the test ends. The server's own log is discarded: panics are
// raised on purpose.
func Start(t testing.TB, h http.Handler, http2 bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.EnableHTTP2 = http2
	if http2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	t.Cleanup(s.Client().CloseIdleConnections)
	return s
}

// Serve is Start for a test that needs no more than the address and the client.
func Serve(t testing.TB, h http.Handler, http2 bool) Server {
	t.Helper()
	s := Start(t, h, http2)
	return Server{s.URL, s.Client()}
}

// OnBoth runs test over HTTP/1.1 and over HTTP/2.
func OnBoth(t *testing.T, test func(t *testing.T, serve func(http.Handler) Server)) {
	t.Helper()
	for name, http2 := range map[string]bool{"http1": false, "http2": true} {
		t.Run(name, func(t *testing.T) {
			test(t, func(h http.Handler) Server { return Serve(t, h, http2) })
		})
	}
}

// Get returns the status and the body of the answer to a GET.
func (s Server) Get(t testing.TB, path string) (int, string) {
	t.Helper()
	resp, err := s.Client.Do(s.request(t, http.MethodGet, path, nil))
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func (s Server) request(t testing.TB, method, path string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	require.NoError(t, err)
	return r
}
