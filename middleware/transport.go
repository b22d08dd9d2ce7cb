package middleware

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// Transport returns a RoundTripper that sends requests through base and records
// each of them in c, with OpenTelemetry's names for calls of a client:
//
//	client := &http.Client{Transport: middleware.Transport(log, nil)}
//
// A nil base is a transport of its own, set up as net/http's default one is, and with
// connections of its own. A nil c records nothing: base is returned.
//
// # The record
//
// It is made when the call is over: when the body of the response was read to its end,
// failed, or was closed; at once if there is none, if the protocol was switched (101),
// and if no response came. The duration is that of the whole call. A body that is
// neither read to its end nor closed keeps its connection, as always in net/http, and
// makes no record; nothing else is kept for it. A redirect that http.Client follows is
// a call of its own, with http.request.resend_count.
//
// The type is custom, so that a server does not take the call for one that it serves.
// The level is Info below status 400, Warn from there, Error if no response came or its
// body broke off, and Info if the caller gave up. error.type is the status from 400,
// and else one of canceled, timeout, name_resolution_error, server_certificate_invalid,
// connection_refused, connection_reset, unexpected_eof, or the type of the error
// ([ledger.ErrorType]).
//
// url.full has neither user nor password nor fragment, and the parameters of its query
// whose names promise a secret have the value REDACTED. The message names method, host
// and outcome only. What the request being served has added to the context
// ([AddAttrs], request.id, http.route) is in the record too, and so tells on whose
// behalf the call was made.
//
// # What the caller sees
//
// Requests and responses are those of base. A request with a trace in its context
// ([ledger.ContextWithTrace]; the middleware puts it there) and without a traceparent
// header is sent as a copy that has one. The body of a response is wrapped, unless
// there is none or it is a connection (101). http.Client's CloseIdleConnections
// reaches base.
//
// Requests that the library makes on its own account are not recorded: c may itself
// deliver through this transport ([ledger.Config].HTTPClient).
//
// The RoundTripper is safe for concurrent use if base is.
func Transport(c *ledger.Client, base http.RoundTripper, opts ...TransportOption) http.RoundTripper {
	if base == nil {
		base = newBase()
	}
	if c == nil {
		return base
	}
	return newTransport(c, base, opts...)
}

// TransportOption changes what a transport records. A nil one asks for nothing.
type TransportOption func(*transport)

// WithTransportSkip leaves out the calls for which f returns true, before they are
// made: they are sent as they are, without a record and without a traceparent. f must
// be safe for concurrent use. If it panics the call is recorded.
func WithTransportSkip(f func(*http.Request) bool) TransportOption {
	return func(t *transport) { t.skip = f }
}

// WithTransportLevel asks f for the level of a record, instead of the rule that
// [Transport] documents. resp is nil if no response came; its body is not to be
// touched. err is what broke the call off, nil if nothing did. f must be safe for
// concurrent use. If it panics the rule holds.
func WithTransportLevel(f func(req *http.Request, resp *http.Response, err error) slog.Level) TransportOption {
	return func(t *transport) { t.level = f }
}

// WithTransportRedact hides the values of further parameters in the query of url.full.
// Case does not matter.
func WithTransportRedact(names ...string) TransportOption {
	return func(t *transport) { t.redact = append(t.redact, names...) }
}

// WithoutTraceparent sends no traceparent header: the server is not told which trace
// its request belongs to. It is for servers of others, and for transports inside of one
// that traces.
func WithoutTraceparent() TransportOption {
	return func(t *transport) { t.untraced = true }
}

// transport is immutable.
type transport struct {
	log  exchange.Logger
	base http.RoundTripper

	skip     func(*http.Request) bool
	level    func(*http.Request, *http.Response, error) slog.Level
	redact   []string
	query    *scrub.Scrubber
	untraced bool
}

func newTransport(log exchange.Logger, base http.RoundTripper, opts ...TransportOption) *transport {
	t := &transport{log: log, base: base}
	for _, opt := range opts {
		if opt != nil {
			opt(t)
		}
	}
	t.query = scrub.New(scrub.Config{Keys: t.redact})
	return t
}

// newBase returns what http.DefaultTransport is at the start of a process: that one
// belongs to the application, which may have wrapped it, with this package for example.
func newBase() *http.Transport {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// RoundTrip sends a request, and sees to its record.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if own.Is(req.Context()) || t.skips(req) {
		return t.base.RoundTrip(req)
	}
	x := &call{transport: t, req: req, start: time.Now()}
	resp, err := t.base.RoundTrip(t.traced(req))
	if err != nil || resp == nil {
		// base has said what it does with a request that it cannot send; a
		// response beside the error is its own affair.
		x.finish(nil, err)
		return resp, err
	}
	x.follow(resp)
	return resp, nil
}

// CloseIdleConnections is what http.Client's method of this name calls.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func (t *transport) skips(req *http.Request) bool {
	return t.skip != nil && answerOf(func() bool { return t.skip(req) }, false)
}

// traced returns the request that is sent: req itself, which a RoundTripper must not
// change, or a copy with a traceparent header. The library has no spans of its own, so
// that what it says is the parent that its caller was told.
func (t *transport) traced(req *http.Request) *http.Request {
	if t.untraced || req.Header == nil || len(req.Header[traceparentHeader]) > 0 {
		return req
	}
	tc, ok := ledger.TraceFromContext(req.Context())
	if !ok {
		return req
	}
	sent := req.WithContext(req.Context())
	sent.Header = req.Header.Clone()
	sent.Header[traceparentHeader] = []string{traceparent(tc)}
	return sent
}

// answerOf asks a function that the application gave to an option; if it panics,
// otherwise is the answer (M4).
func answerOf[T any](f func() T, otherwise T) (answer T) {
	defer func() {
		if recover() != nil {
			answer = otherwise
		}
	}()
	return f()
}
