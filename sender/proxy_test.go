package sender

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// proxy is a forward proxy that knows one server, under whatever name.
type proxy struct {
	*httptest.Server
	target   string // its address
	password string // "" asks for none

	mu     sync.Mutex
	asked  []string      // method and address of each request
	header []http.Header // of each
}

func newProxy(t *testing.T, target, password string) *proxy {
	t.Helper()
	p := &proxy{target: target, password: password}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked, p.header = append(p.asked, r.Method+" "+r.RequestURI), append(p.header, r.Header.Clone())
	p.mu.Unlock()
	given := &http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
	if _, password, _ := given.BasicAuth(); password != p.password {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	server, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer server.Close()
	if r.Method != http.MethodConnect {
		forward(w, r, server)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	})
	_, _ = io.Copy(client, server)
	_ = client.Close()
	up.Wait()
}

// forward sends one request on to the server.
func forward(w http.ResponseWriter, r *http.Request, server net.Conn) {
	transport := &http.Transport{Dial: func(string, string) (net.Conn, error) { return server, nil }} //nolint:staticcheck // The connection is there.
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// The environment of a proxy is read once in a process and never for "localhost" or
// 127.0.0.1, so each case has a process of its own, and its server is example.com,
// which only the proxy knows, or 0.0.0.0, by which a process reaches itself.
func TestProxyIsTakenFromTheEnvironment(t *testing.T) {
	const childURL, childCA = "SENDER_TEST_PROXY_URL", "SENDER_TEST_PROXY_CA"
	if url := os.Getenv(childURL); url != "" {
		fmt.Printf("outcome: %s\n", postOnce(t, url, os.Getenv(childCA)))
		return
	}

	var requests atomic.Int32
	handler := func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/logs" && r.Header.Get("Authorization") == "Bearer k3y_topsecret" {
			requests.Add(1)
		}
	}
	secure, _ := serveTLS(t, nil, handler)
	plain := httptest.NewServer(http.HandlerFunc(handler))
	defer plain.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600))
	_, securePort, err := net.SplitHostPort(secure.Listener.Addr().String())
	require.NoError(t, err)
	_, plainPort, err := net.SplitHostPort(plain.Listener.Addr().String())
	require.NoError(t, err)
	gone := httptest.NewServer(nil)
	gone.Close()

	for _, tt := range []struct {
		name, url, password string
		env                 func(proxy string) []string // with the proxy's host:port
		want                string
		asked               []string // of the proxy
		arrived             int32
	}{
		{
			name: "https", url: "https://example.com/v1/logs",
			env:  func(proxy string) []string { return []string{"HTTPS_PROXY=http://" + proxy} },
			want: "200 OK", asked: []string{"CONNECT example.com:443"}, arrived: 1,
		}, {
			name: "https, lower case and no scheme", url: "https://example.com:8443/v1/logs",
			env:  func(proxy string) []string { return []string{"https_proxy=" + proxy, "no_proxy=logs.example.com"} },
			want: "200 OK", asked: []string{"CONNECT example.com:8443"}, arrived: 1,
		}, {
			name: "https by address", url: "https://0.0.0.0:" + securePort + "/v1/logs",
			env:  func(proxy string) []string { return []string{"HTTPS_PROXY=http://" + proxy} },
			want: "200 OK", asked: []string{"CONNECT 0.0.0.0:" + securePort}, arrived: 1,
		}, {
			name: "https by address, not by the proxy", url: "https://0.0.0.0:" + securePort + "/v1/logs",
			env: func(proxy string) []string {
				return []string{"HTTPS_PROXY=http://" + proxy, "NO_PROXY=example.com,0.0.0.0"}
			},
			want: "200 OK", arrived: 1,
		}, {
			name: "http", url: "http://example.com/v1/logs",
			env: func(proxy string) []string {
				return []string{"HTTP_PROXY=http://" + proxy, "HTTPS_PROXY=" + gone.URL}
			},
			want: "200 OK", asked: []string{"POST http://example.com/v1/logs"}, arrived: 1,
		}, {
			name: "http by address, not by the proxy", url: "http://0.0.0.0:" + plainPort + "/v1/logs",
			env:  func(proxy string) []string { return []string{"HTTP_PROXY=http://" + proxy, "NO_PROXY=*"} },
			want: "200 OK", arrived: 1,
		}, {
			name: "password", url: "https://example.com/v1/logs", password: "hunter2",
			env:  func(proxy string) []string { return []string{"HTTPS_PROXY=http://user:hunter2@" + proxy} },
			want: "200 OK", asked: []string{"CONNECT example.com:443"}, arrived: 1,
		}, {
			name: "wrong password", url: "https://example.com/v1/logs", password: "other",
			env:  func(proxy string) []string { return []string{"HTTPS_PROXY=http://user:hunter2@" + proxy} },
			want: "temporary: proxy answered 407 Proxy Authentication Required", asked: []string{"CONNECT example.com:443"},
		}, {
			name: "no proxy there", url: "https://example.com/v1/logs",
			env:  func(string) []string { return []string{"HTTPS_PROXY=" + gone.URL} },
			want: "temporary: connection refused",
		}, {
			name: "server away", url: "http://example.com/v1/logs", password: "down",
			env:  func(proxy string) []string { return []string{"HTTP_PROXY=http://user:down@" + proxy} },
			want: "temporary: 502 Bad Gateway", asked: []string{"POST http://example.com/v1/logs"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, target := requests.Load(), secure.Listener.Addr().String()
			if strings.HasPrefix(tt.url, "http://") {
				target = plain.Listener.Addr().String()
			}
			if tt.password == "down" {
				target = gone.Listener.Addr().String()
			}
			p := newProxy(t, target, tt.password)
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyIsTakenFromTheEnvironment$")
			for _, v := range os.Environ() {
				if name, _, _ := strings.Cut(v, "="); !strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
					cmd.Env = append(cmd.Env, v)
				}
			}
			// A program with the race detector waits a second at its end, unless told.
			cmd.Env = append(cmd.Env, childURL+"="+tt.url, childCA+"="+ca, "GORACE=atexit_sleep_ms=0")
			cmd.Env = append(cmd.Env, tt.env(p.Listener.Addr().String())...)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Contains(t, string(out), "outcome: "+tt.want+"\n")
			assert.NotContains(t, string(out), "hunter2")
			assert.Equal(t, tt.arrived, requests.Load()-before)
			p.mu.Lock()
			defer p.mu.Unlock()
			assert.Equal(t, tt.asked, p.asked)
			if strings.HasPrefix(tt.url, "https://") {
				for _, h := range p.header {
					assert.Empty(t, h["Authorization"], "the key is for the server")
				}
			}
		})
	}
}

// postOnce posts a batch in a process whose environment names a proxy.
func postOnce(t *testing.T, url, ca string) string {
	t.Helper()
	text, err := os.ReadFile(ca)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	cfg := Config{URL: url, APIKey: "k3y_topsecret", Timeout: 20 * time.Second, TLS: &tls.Config{RootCAs: pool, ServerName: "example.com", MinVersion: tls.VersionTLS12}}.withDefaults()
	p := newPoster(&cfg)
	defer p.client.CloseIdleConnections()
	o := classify(p.post(t.Context(), bodyOf(t, batchOf(1), CompressionNone)).answer, time.Now(), false)
	if o.kind == delivered {
		return o.reason
	}
	return o.kind.String() + ": " + o.reason
}
