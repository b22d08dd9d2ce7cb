package sender

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// newTransport returns a transport that nothing else uses: its connections are
// not lost to other traffic, and no instrumentation of the default one can turn
// our requests into records. It takes its proxy from HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY, as net/http does, which reads them once in a process.
func newTransport(maxInFlight int, secure *tls.Config) *http.Transport {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if secure != nil {
		config = secure.Clone()
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: judgeProxy,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           maxInFlight,
		MaxIdleConnsPerHost:    maxInFlight,
		IdleConnTimeout:        55 * time.Second, // Below what proxies allow: 60 s, or nginx's 75.
		ForceAttemptHTTP2:      true,
		// A dead HTTP/2 connection is not closed by a request that times out on it,
		// and would fail every attempt that follows.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}
}

// proxyError is the answer of a proxy that does not open the way to the server.
// net/http would leave only its words, which are not ours to show.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return "proxy answered " + statusText(e.status) }

func judgeProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &proxyError{answer.StatusCode}
	}
	return nil
}
