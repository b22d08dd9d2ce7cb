package middleware

import (
	"log/slog"
	"net/http"

	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// facts tells what is known of an exchange when its handler is done. v is the value
// of a panic.
func (c *config) facts(x *serving, v any) exchange.Facts {
	status, header := x.response.settle()
	f := c.requestFacts(x)
	f.Ending = endingOf(x.returned, v, x.gone(header))
	f.Status, f.Hijacked = status, x.response.hijacked.Load()
	f.Route = c.route(x)
	if f.RequestID == "" && policy.ValidID(header.requestID) {
		f.RequestID = header.requestID
	}
	f.RequestSize, f.ResponseSize = x.requestSize(), x.response.bytes.Load()
	f.Err, f.Scope = x.state.Reason(), x.state.Attrs()
	if x.asked.more != nil && x.body != nil {
		f.Extra = c.appendRequestBody(f.Extra, x)
	}
	if m := header.more; m != nil {
		f.Extra = appendResponseBody(append(f.Extra, m.attrs...), m, status)
	}
	return f
}

// appendRequestBody appends the preview. A form is a query: its secrets have names.
func (c *config) appendRequestBody(dst []slog.Attr, x *serving) []slog.Attr {
	text := x.body.kept.Text()
	if policy.IsForm(x.asked.more.contentType) {
		text = c.forms.Redact(text)
	}
	if text == "" {
		return dst
	}
	return append(dst, slog.String("http.request.body.content", text))
}

// appendResponseBody appends the preview. That of an error response is where the Ledger
// server looks for it, and there only.
func appendResponseBody(dst []slog.Attr, m *sentMore, status int) []slog.Attr {
	text := m.kept.Text()
	switch {
	case text == "":
		return dst
	case status >= http.StatusBadRequest:
		return append(dst, slog.String("ledger.response_body", text))
	}
	return append(dst, slog.String("http.response.body.content", text))
}

// endingOf decides how an exchange ended from whether the handler returned, the value
// of its panic, and whether its client left.
func endingOf(back bool, v any, gone bool) exchange.Ending {
	switch {
	case v == nil && !back, v == any(http.ErrAbortHandler):
		return exchange.Aborted
	case v != nil:
		return exchange.Panicked
	case gone:
		return exchange.ClientGone
	}
	return exchange.Returned
}
