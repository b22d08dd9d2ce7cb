package ledgerfiber

import (
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

const requestIDHeader = "X-Request-Id"

// requestFacts copies what a request says of itself. Where fiber would believe a header
// of a proxy, for scheme and host, fasthttp is asked.
func requestFacts(r *fasthttp.RequestCtx, method string) exchange.Facts {
	h := &r.Request.Header
	f := exchange.Facts{
		Method:      strings.Clone(method),
		Path:        escaped(string(r.URI().PathOriginal())),
		Scheme:      "http",
		Host:        string(h.Host()),
		Peer:        r.RemoteAddr().String(),
		Protocol:    strings.TrimPrefix(string(h.Protocol()), "HTTP/"),
		UserAgent:   string(h.UserAgent()),
		RequestSize: bodySize(r.Request.IsBodyStream(), h.ContentLength(), r.Request.Body),
	}
	if r.IsTLS() {
		f.Scheme = "https"
	}
	if id := string(h.Peek(requestIDHeader)); policy.ValidID(id) {
		f.RequestID = id
	}
	return f
}

// escaped returns a path that holds neither line breaks nor terminal escapes: fasthttp
// takes a path as it comes. An empty path means the root.
func escaped(path string) string {
	if path == "" {
		return "/"
	}
	var out strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c > '~' {
			const digits = "0123456789ABCDEF"
			out.WriteByte('%')
			out.WriteByte(digits[c>>4])
			out.WriteByte(digits[c&15])
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
