package middleware

import (
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

const traceparentHeader = "Traceparent"

// traceparent returns the header's value. Of the flags it passes on those that version
// 00 and its successor define: the others must be zero.
func traceparent(tc ledger.TraceContext) string {
	b := append(make([]byte, 0, 55), "00-"...)
	b = hex.AppendEncode(b, tc.TraceID[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, tc.SpanID[:])
	b = append(b, '-')
	return string(hex.AppendEncode(b, []byte{tc.Flags & 3}))
}

// outcome is what is known of a call that is over.
type outcome struct {
	*call
	resp     *http.Response // nil if none came
	broken   bool           // the call did not come to its end
	err      error          // why, unless the caller gave up
	end      time.Time
	duration time.Duration
	kind     string // error.type, empty if the call succeeded
	level    slog.Level
}

// settle decides what kind of end it was.
func (o *outcome) settle() {
	switch {
	case o.err != nil, o.resp == nil:
		o.broken = true
		// To ask what kind of error it is runs methods that base's errors may have.
		o.level = slog.LevelError
		o.kind = answerOf(func() string { return errorKind(o.req, o.err) }, ledger.ErrorType(o.err))
		if o.kind == kindCanceled {
			// The caller did not fail, it did not want to know any more.
			o.level, o.err = slog.LevelInfo, nil
		}
	case o.resp.StatusCode >= 400:
		o.level, o.kind = slog.LevelWarn, strconv.Itoa(o.resp.StatusCode)
	}
	if f := o.transport.level; f != nil {
		o.level = answerOf(func() slog.Level { return f(o.req, o.resp, o.err) }, o.level)
	}
}

// record returns the record of the call.
func (o *outcome) record() ledger.Record {
	r := ledger.Record{
		Time: o.end, Level: o.level, Message: o.message(), EventName: "http.client.request",
		Type: ledger.TypeCustom, Err: o.err, Attrs: o.attrs(make([]slog.Attr, 0, 16)),
	}
	if o.level >= slog.LevelError && o.level < ledger.LevelCritical {
		r.Importance = ledger.ImportanceHigh
	}
	return r
}

// message returns "GET api.example.com 200" or "GET api.example.com timeout".
func (o *outcome) message() string {
	method, known := exchange.KnownMethod(o.req.Method)
	if !known {
		method = "HTTP"
	}
	parts := []string{method}
	if o.req.URL != nil && o.req.URL.Host != "" {
		parts = append(parts, o.req.URL.Host)
	}
	if o.broken {
		parts = append(parts, o.kind)
	} else {
		parts = append(parts, strconv.Itoa(o.resp.StatusCode))
	}
	return strings.Join(parts, " ")
}

func (o *outcome) attrs(dst []slog.Attr) []slog.Attr {
	method, known := exchange.KnownMethod(o.req.Method)
	dst = append(dst, slog.String(exchange.KeyMethod, method))
	if !known {
		dst = append(dst, slog.String("http.request.method_original", o.req.Method))
	}
	if o.req.URL != nil {
		dst = o.appendURL(dst)
	}
	dst = append(dst,
		slog.Float64("http.client.request.duration", o.duration.Seconds()),
		slog.Float64("ledger.duration_ms", float64(o.duration)/1e6))
	if n := o.requestSize(); n >= 0 {
		dst = append(dst, slog.Int64("http.request.body.size", n))
	}
	if n := resends(o.req); n > 0 {
		dst = append(dst, slog.Int("http.request.resend_count", n))
	}
	if o.resp != nil {
		dst = append(dst, slog.Int("http.response.status_code", o.resp.StatusCode))
		if n := o.responseSize(); n >= 0 {
			dst = append(dst, slog.Int64("http.response.body.size", n))
		}
		if v := versionOf(o.resp.ProtoMajor, o.resp.ProtoMinor); v != "" {
			dst = append(dst, slog.String("network.protocol.version", v))
		}
	}
	if o.kind != "" {
		dst = append(dst, slog.String("error.type", o.kind))
	}
	return dst
}

// appendURL appends where the request went. The conventions want the port even if it is
// the scheme's own.
func (o *outcome) appendURL(dst []slog.Attr) []slog.Attr {
	u := *o.req.URL
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	u.RawQuery = o.query.Query(u.RawQuery)
	dst = append(dst, slog.String("url.full", u.String()))
	host, port, ok := exchange.SplitAddr(u.Host)
	if host == "" {
		return dst
	}
	dst = append(dst, slog.String("server.address", host))
	switch {
	case ok:
	case u.Scheme == "https":
		port, ok = 443, true
	case u.Scheme == "http":
		port, ok = 80, true
	}
	if ok {
		dst = append(dst, slog.Int("server.port", port))
	}
	return dst
}

// requestSize returns what the request declares, -1 if it does not know. A body of
// unknown length is not counted: net/http looks at what type it is of, to send a file
// by sendfile and to send a request again, and a wrapper would hide that.
func (o *outcome) requestSize() int64 {
	if o.req.ContentLength == 0 && o.req.Body != nil && o.req.Body != http.NoBody {
		return -1
	}
	return o.req.ContentLength
}

// responseSize returns what was read if that is all there was or all that came, else
// what the response declares, -1 if that is not known: of a body that net/http has
// decompressed, or that was closed before its end.
func (o *outcome) responseSize() int64 {
	switch {
	case o.resp.StatusCode == http.StatusSwitchingProtocols, o.resp.Uncompressed:
		return -1
	case o.ended.Load(), o.broken:
		return o.got.Load()
	}
	return o.resp.ContentLength
}

// resends counts the redirects that led to req. http.Client stops at ten; another
// client might not.
func resends(req *http.Request) (n int) {
	const most = 100
	for r := req.Response; r != nil && n < most; n++ {
		if r.Request == nil {
			return n + 1
		}
		r = r.Request.Response
	}
	return n
}

// versionOf returns network.protocol.version.
func versionOf(major, minor int) string {
	switch {
	case major == 1:
		return "1." + strconv.Itoa(minor)
	case major > 1:
		return strconv.Itoa(major)
	}
	return ""
}
