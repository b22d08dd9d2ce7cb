package exchange

import (
	"log/slog"
	"strconv"
)

// Keys that are recorded here and named elsewhere too.
const (
	KeyMethod    = "http.request.method"
	KeyRoute     = "http.route"
	KeyRequestID = "request.id"
	// KeyElapsed says for how many seconds a request has run that is not over.
	KeyElapsed = "ledger.elapsed"
	// KeySampled says how many requests a sampled record stands for.
	KeySampled = "ledger.sampled_requests"
)

// HTTP's own names of attributes, and ours, in the order in which they stand in a record.
// isOwn knows each of them.
const (
	keyOldMethod     = "http.request.method_original"
	keyPath          = "url.path"
	keyScheme        = "url.scheme"
	keyQuery         = "url.query"
	keyStatus        = "http.response.status_code"
	keySeconds       = "http.server.request.duration"
	keyMilliseconds  = "ledger.duration_ms" // the one that the Ledger server reads
	keyRequestSize   = "http.request.body.size"
	keyHijacked      = "ledger.hijacked"
	keyResponseSize  = "http.response.body.size"
	keyPeerAddress   = "network.peer.address"
	keyPeerPort      = "network.peer.port"
	keyClient        = "client.address"
	keyServerAddress = "server.address"
	keyServerPort    = "server.port"
	keyProtocol      = "network.protocol.version"
	keyUserAgent     = "user_agent.original"
	keyErrorType     = "error.type"
)

// isOwn reports whether a record of an exchange may have the key by itself.
func isOwn(key string) bool {
	switch key {
	case KeyMethod, keyOldMethod, KeyRoute, keyPath, keyScheme, keyQuery, keyStatus, keySeconds, keyMilliseconds,
		keyRequestSize, keyHijacked, keyResponseSize, keyPeerAddress, keyPeerPort, keyClient,
		keyServerAddress, keyServerPort, keyProtocol, keyUserAgent, KeyRequestID, keyErrorType, KeySampled, KeyElapsed:
		return true
	}
	return false
}

// attrs adds what is known of the exchange, by OpenTelemetry's names and units.
func (f *Facts) attrs(p *pairs) {
	f.request(p)
	p.number(keyStatus, int64(f.Status))
	p.value(keySeconds, slog.Float64Value(f.Duration.Seconds()))
	p.value(keyMilliseconds, slog.Float64Value(float64(f.Duration)/1e6))
	p.size(keyRequestSize, f.RequestSize)
	if f.Hijacked {
		p.value(keyHijacked, slog.BoolValue(true)) // what went over it was not seen
	} else {
		p.size(keyResponseSize, f.responseSize())
	}
	f.ends(p)
	p.text(keyErrorType, f.errorType())
	if f.Sampled > 1 {
		p.number(KeySampled, f.Sampled)
	}
}

// startedAttrs adds what is known while the exchange goes on.
func (f *Facts) startedAttrs(p *pairs) {
	f.request(p)
	p.value(KeyElapsed, slog.Float64Value(f.Duration.Seconds()))
	f.ends(p)
}

func (f *Facts) request(p *pairs) {
	// To keep http.request.method to the known methods keeps a scanner from filling an
	// index with its inventions.
	method, known := KnownMethod(f.Method)
	p.text(KeyMethod, method)
	if !known {
		p.text(keyOldMethod, f.Method)
	}
	p.text(KeyRoute, f.Route)
	p.text(keyPath, f.Path)
	p.text(keyScheme, f.Scheme)
	p.text(keyQuery, f.Query)
}

// ends adds who asked whom, and how.
func (f *Facts) ends(p *pairs) {
	f.peer(p)
	f.server(p)
	p.text(keyProtocol, f.Protocol)
	p.text(keyUserAgent, f.UserAgent)
	p.text(KeyRequestID, f.RequestID)
}

const headMethod = "HEAD" // net/http's constant, of which this package knows nothing

// responseSize is 0 for HEAD, whatever the handler wrote: the server sends no body.
func (f *Facts) responseSize() int64 {
	if f.Method == headMethod {
		return 0
	}
	return f.ResponseSize
}

// KnownMethod returns the value of http.request.method for a method, and whether it
// is one of those that the conventions know. The empty method is GET, as in net/http.
func KnownMethod(m string) (string, bool) {
	switch m {
	case "":
		return "GET", true
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "QUERY":
		return m, true
	}
	return "_OTHER", false
}

// message returns "GET /orders/{id} 200".
func (f *Facts) message() string {
	b := append(f.appendName(make([]byte, 0, 128)), ' ')
	return string(strconv.AppendInt(b, int64(f.Status), 10))
}

// appendName appends "GET /orders/{id}". An unmatched request is named by its path.
func (f *Facts) appendName(dst []byte) []byte {
	method, known := KnownMethod(f.Method)
	if !known {
		method = "HTTP" // by the conventions for names of requests
	}
	dst = append(append(dst, method...), ' ')
	if f.Route == "" {
		return append(dst, f.Path...)
	}
	return append(dst, f.Route...)
}
