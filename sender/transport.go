package sender

import (
	"crypto/tls"
	"net"
	"net/http"
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
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConns:        maxInFlight,
		MaxIdleConnsPerHost: maxInFlight,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		// A dead HTTP/2 connection is not closed by a request that times out on it,
		// and would fail every attempt that follows.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
	}
}
