package middleware

import (
	"log/slog"
	"net/http"
)

// appendAttrs appends what is known of the exchange, by OpenTelemetry's names and
// units. ledger.duration_ms is the one that the Ledger server reads.
func (c *config) appendAttrs(dst []slog.Attr, x *exchange, route string, v any) []slog.Attr {
	r := x.outer
	dst = appendMethod(dst, r.Method)
	if route != "" {
		dst = append(dst, slog.String("http.route", route))
	}
	dst = append(dst, slog.String("url.path", x.path), slog.String("url.scheme", scheme(r)))
	if c.query != nil && r.URL.RawQuery != "" {
		dst = append(dst, slog.String("url.query", c.query.redact(r.URL.RawQuery)))
	}
	dst = append(dst,
		slog.Int("http.response.status_code", x.status),
		slog.Float64("http.server.request.duration", x.duration.Seconds()),
		slog.Float64("ledger.duration_ms", float64(x.duration)/1e6),
		slog.Int64("http.request.body.size", x.requestSize()),
	)
	dst = appendResponseSize(dst, x)
	dst = appendPeer(dst, r.RemoteAddr)
	dst = appendServer(dst, r.Host)
	if v := protocolVersion(r); v != "" {
		dst = append(dst, slog.String("network.protocol.version", v))
	}
	if ua := r.UserAgent(); ua != "" {
		dst = append(dst, slog.String("user_agent.original", ua))
	}
	if id := requestID(x); id != "" {
		dst = append(dst, slog.String("request.id", id))
	}
	if t := errorType(x.ending, x.status, v); t != "" {
		dst = append(dst, slog.String("error.type", t))
	}
	return dst
}

// appendMethod keeps http.request.method to the known methods, so that a scanner
// cannot fill an index with its inventions.
func appendMethod(dst []slog.Attr, method string) []slog.Attr {
	name, known := knownMethod(method)
	dst = append(dst, slog.String("http.request.method", name))
	if !known {
		dst = append(dst, slog.String("http.request.method_original", method))
	}
	return dst
}

func knownMethod(m string) (string, bool) {
	switch m {
	case "": // what net/http takes for GET
		return http.MethodGet, true
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace, "QUERY":
		return m, true
	}
	return "_OTHER", false
}

// appendResponseSize leaves the size out where it is unknown: what goes over a
// hijacked connection is not seen. A response to HEAD has no body, whatever the
// handler wrote.
func appendResponseSize(dst []slog.Attr, x *exchange) []slog.Attr {
	if x.response.hijacked.Load() {
		return append(dst, slog.Bool("ledger.hijacked", true))
	}
	n := x.response.bytes.Load()
	if x.outer.Method == http.MethodHead {
		n = 0
	}
	return append(dst, slog.Int64("http.response.body.size", n))
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func protocolVersion(r *http.Request) string {
	switch {
	case r.ProtoMajor == 1 && r.ProtoMinor == 1:
		return "1.1"
	case r.ProtoMajor == 2:
		return "2"
	case r.ProtoMajor == 1:
		return "1.0"
	case r.ProtoMajor == 3:
		return "3"
	}
	return ""
}
