package middleware

import (
	"log/slog"
	"net/http"
	"sync"

	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// sentHeader is what the record says of the response's header. It is taken down when
// the header goes out: later the application may change the map at any time, from any
// goroutine, and reading it then would be a race.
type sentHeader struct {
	requestID, length string
	// more is what options asked for, nil if none did or there is nothing.
	more *sentMore
}

type sentMore struct {
	attrs []slog.Attr
	// For the preview of the body, if one is wanted for this status.
	contentType, encoding string
	limit                 int
	decide                sync.Once
	kept                  policy.Preview
}

// takeHeader reads the response's header. It looks up what may be needed, no more: it
// runs for every request.
func (p *response) takeHeader(code int) sentHeader {
	h := p.header
	s := sentHeader{requestID: first(h, requestIDHeader), length: first(h, "Content-Length")}
	limit := 0
	if !p.head {
		limit = p.cfg.previewLimit(code)
	}
	if limit == 0 && p.cfg.responseHeaders.Len() == 0 {
		return s
	}
	s.more = &sentMore{
		attrs: p.cfg.responseHeaders.Append(nil, func(name string) []string { return h[name] }),
		limit: limit, contentType: first(h, "Content-Type"), encoding: first(h, "Content-Encoding"),
	}
	return s
}

// keep takes the next part of the body for its preview. Whether it is text is decided
// by the first.
func (m *sentMore) keep(b []byte) {
	if len(b) == 0 || m.limit == 0 {
		return
	}
	m.decide.Do(func() {
		kind := m.contentType
		if kind == "" {
			kind = http.DetectContentType(b) // as net/http does
		}
		if policy.IsText(kind, m.encoding) {
			m.kept.Start(m.limit)
		}
	})
	m.kept.Keep(b)
}

// first is Header.Get for a name that is canonical.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
