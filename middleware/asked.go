package middleware

import (
	"log/slog"
	"net/http"

	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

const requestIDHeader = "X-Request-Id"

// asked is what the record says of the request's URL and header. It is taken down
// before the handler runs: handlers rewrite URLs in place, and a goroutine that a
// handler left behind may change the header at any time.
type asked struct {
	path, userAgent, requestID string
	// more is what options asked for, nil if none did.
	more *askedMore
}

type askedMore struct {
	query       string
	client      string   // what WithClientIPFunc answered
	forwarded   []string // the header that is believed about the client
	proto       string   // and about the scheme
	contentType string
	headers     []slog.Attr
}

func (a *asked) take(r *http.Request, c *config) {
	a.path, a.userAgent = requestPath(r), first(r.Header, "User-Agent")
	if id := first(r.Header, requestIDHeader); policy.ValidID(id) {
		a.requestID = id
	} else if c.answerID {
		a.requestID = policy.NewID()
	}
	if c.asksMore() {
		a.more = c.askMore(r)
	}
}

// asksMore reports whether askMore has anything to do.
func (c *config) asksMore() bool {
	return c.query != nil || c.clientIP != nil || c.forwardedHeader != "" || c.requestBody > 0 || c.requestHeaders.Len() > 0
}

func (c *config) askMore(r *http.Request) *askedMore {
	var m askedMore
	if c.query != nil {
		m.query = c.query.Redact(r.URL.RawQuery)
	}
	if c.clientIP != nil {
		m.client = contained(c, "", func() string { return c.clientIP(r) })
	}
	if c.forwardedHeader != "" {
		m.forwarded, m.proto = r.Header[c.forwardedHeader], first(r.Header, "X-Forwarded-Proto")
	}
	if c.requestBody > 0 {
		m.contentType = first(r.Header, "Content-Type")
	}
	m.headers = c.requestHeaders.Append(nil, func(name string) []string { return r.Header[name] })
	return &m
}

// requestPath returns the path as it was on the wire, escaped, so that it holds
// neither line breaks nor terminal escapes. An empty path means the root.
func requestPath(r *http.Request) string {
	if p := r.URL.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

// requestFacts tells what the request alone says.
func (c *config) requestFacts(x *serving) exchange.Facts {
	r := x.outer
	f := exchange.Facts{
		Method: r.Method, Path: x.asked.path, Scheme: "http", Host: r.Host, Peer: r.RemoteAddr,
		Protocol: protocolVersion(r), UserAgent: x.asked.userAgent, RequestID: x.asked.requestID,
	}
	if r.TLS != nil {
		f.Scheme = "https"
	}
	if m := x.asked.more; m != nil {
		f.Query, f.Client, f.Extra = m.query, m.client, m.headers
		c.believe(m, &f)
	}
	return f
}

// believe looks behind the proxies that the application trusts.
func (c *config) believe(m *askedMore, f *exchange.Facts) {
	if c.forwardedHeader == "" {
		return
	}
	peer, _, _ := exchange.SplitAddr(f.Peer)
	if !c.proxies.Believes(peer) {
		return
	}
	if f.Client == "" {
		f.Client = c.proxies.Client(peer, m.forwarded)
	}
	if m.proto == "http" || m.proto == "https" {
		f.Scheme = m.proto
	}
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
