package sender

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

var testNow = time.Date(2026, 7, 20, 12, 0, 0, 0, time.UTC)

func headers(kv ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(kv); i += 2 {
		h.Set(kv[i], kv[i+1])
	}
	return h
}

// One row per status of the table in doc.go, and for what is left of each class.
func TestOutcomeTable(t *testing.T) {
	const s = time.Second
	tests := []struct {
		status int
		header http.Header
		kind   kind
		strict kind // under Retry.StrictOTLP
		after  time.Duration
		reason string
	}{
		{200, nil, delivered, delivered, 0, "200 OK"},
		{201, nil, delivered, delivered, 0, "201 Created"},
		{202, nil, delivered, delivered, 0, "202 Accepted"},
		{204, nil, delivered, delivered, 0, "204 No Content"},
		{299, nil, delivered, delivered, 0, "299"},
		{200, headers("Retry-After", "9"), delivered, delivered, 0, "200 OK"},

		{429, nil, throttled, throttled, 0, "429 Too Many Requests"},
		{429, headers("Retry-After", "30"), throttled, throttled, 30 * s, "429 Too Many Requests"},
		{429, headers("Retry-After", "Mon, 20 Jul 2026 12:02:00 GMT"), throttled, throttled, 120 * s, "429 Too Many Requests"},
		{429, headers("Retry-After", "-5"), throttled, throttled, 0, "429 Too Many Requests"},
		{429, headers("Retry-After", "999999999999999999999999"), throttled, throttled, time.Hour, "429 Too Many Requests"},
		{429, headers("Retry-After", "soon"), throttled, throttled, 0, "429 Too Many Requests"},
		{503, headers("Retry-After", "30"), throttled, throttled, 30 * s, "503 Service Unavailable"},
		{503, headers("Retry-After", "Mon, 20 Jul 2026 12:00:01 GMT"), throttled, throttled, 1 * s, "503 Service Unavailable"},
		{503, headers("Retry-After", "86400"), throttled, throttled, time.Hour, "503 Service Unavailable"},
		{503, headers("Retry-After", "Mon, 20 Jul 2026 11:00:00 GMT"), temporary, temporary, 0, "503 Service Unavailable"},
		{503, headers("Retry-After", "0"), temporary, temporary, 0, "503 Service Unavailable"},
		{503, nil, temporary, temporary, 0, "503 Service Unavailable"},

		{502, nil, temporary, temporary, 0, "502 Bad Gateway"},
		{502, headers("Retry-After", "30"), temporary, temporary, 0, "502 Bad Gateway"},
		{504, nil, temporary, temporary, 0, "504 Gateway Timeout"},
		{408, nil, temporary, hold, 0, "408 Request Timeout"},
		{425, nil, temporary, hold, 0, "425 Too Early"},
		{500, nil, temporary, hold, 0, "500 Internal Server Error"},
		{501, nil, temporary, hold, 0, "501 Not Implemented"},
		{507, nil, temporary, hold, 0, "507 Insufficient Storage"},
		{599, nil, temporary, hold, 0, "599"},

		{413, nil, tooLarge, tooLarge, 0, "413 Request Entity Too Large"},
		{400, nil, rejected, rejected, 0, "400 Bad Request"},
		{422, nil, rejected, rejected, 0, "422 Unprocessable Entity"},

		{401, nil, hold, hold, 0, "401 Unauthorized"},
		{402, nil, hold, hold, 0, "402 Payment Required"},
		{403, nil, hold, hold, 0, "403 Forbidden"},
		{404, nil, hold, hold, 0, "404 Not Found"},
		{405, nil, hold, hold, 0, "405 Method Not Allowed"},
		{415, nil, hold, hold, 0, "415 Unsupported Media Type"},
		{406, nil, hold, hold, 0, "406 Not Acceptable"},
		{407, nil, hold, hold, 0, "407 Proxy Authentication Required"},
		{409, nil, hold, hold, 0, "409 Conflict"},
		{410, nil, hold, hold, 0, "410 Gone"},
		{418, nil, hold, hold, 0, "418 I'm a teapot"},
		{431, nil, hold, hold, 0, "431 Request Header Fields Too Large"},
		{451, nil, hold, hold, 0, "451 Unavailable For Legal Reasons"},
		{499, nil, hold, hold, 0, "499"},

		{300, nil, hold, hold, 0, "300 Multiple Choices (redirects are not followed)"},
		{301, headers("Location", "https://evil.test/"), hold, hold, 0, "301 Moved Permanently (redirects are not followed)"},
		{302, nil, hold, hold, 0, "302 Found (redirects are not followed)"},
		{304, nil, hold, hold, 0, "304 Not Modified (redirects are not followed)"},
		{307, nil, hold, hold, 0, "307 Temporary Redirect (redirects are not followed)"},
		{308, nil, hold, hold, 0, "308 Permanent Redirect (redirects are not followed)"},
		{101, nil, hold, hold, 0, "101 Switching Protocols"},
		{199, nil, hold, hold, 0, "199"},
		{0, nil, hold, hold, 0, "not an HTTP status"},
		{600, nil, hold, hold, 0, "not an HTTP status"},
		{999, nil, hold, hold, 0, "not an HTTP status"},
	}
	for _, tt := range tests {
		name := fmt.Sprint(tt.status, tt.header)
		a := answer{status: tt.status, header: tt.header, message: "said"}
		o := classify(a, testNow, false)
		assert.Equal(t, tt.status == 429 || tt.status == 503, o.overload, name)
		o.overload = false
		assert.Equal(t, outcome{kind: tt.kind, retryAfter: tt.after, reason: tt.reason, message: "said", status: tt.status}, o, name)
		assert.Equal(t, tt.strict, classify(a, testNow, true).kind, name)
	}
}

func TestEveryStatusHasOneMeaning(t *testing.T) {
	for code := -1; code <= 1100; code++ {
		for _, strict := range []bool{false, true} {
			o := classify(answer{status: code}, testNow, strict)
			is2xx := code >= 200 && code <= 299
			assert.Equal(t, is2xx, o.kind == delivered, "only a 2xx acks (S1): %d", code)
			assert.NotZero(t, o.kind, code)
			assert.NotEmpty(t, o.reason, code)
		}
	}
}

func TestPartialSuccess(t *testing.T) {
	tests := []struct {
		status   int
		rejected int64
		kind     kind
	}{
		{200, 0, delivered}, // A message without refusals is a warning.
		{200, -3, delivered},
		{200, 3, partial},
		{202, 1000, partial},
		{500, 3, temporary}, // Only a 2xx speaks about records.
	}
	for _, tt := range tests {
		o := classify(answer{status: tt.status, response: otlp.Response{Rejected: tt.rejected}, message: "m"}, testNow, false)
		assert.Equal(t, tt.kind, o.kind, tt)
		assert.Equal(t, "m", o.message)
	}
}

func TestTransportErrorsAreTemporaryAlsoUnderStrict(t *testing.T) {
	wrap := func(err error) error {
		return &url.Error{Op: "Post", URL: "http://10.0.0.7/v1/logs?key=secret", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	tests := []struct {
		err    error
		reason string
	}{
		{wrap(syscall.ECONNREFUSED), "connection refused"},
		{wrap(syscall.ECONNRESET), "connection closed"},
		{wrap(syscall.EPIPE), "connection closed"},
		{wrap(io.EOF), "connection closed"},
		{wrap(io.ErrUnexpectedEOF), "connection closed"},
		{wrap(syscall.ENETUNREACH), "network unreachable"},
		{wrap(syscall.EHOSTUNREACH), "network unreachable"},
		{wrap(&net.DNSError{Err: "no such host", Name: "secret.test", IsNotFound: true}), "name lookup failed"},
		{wrap(context.DeadlineExceeded), "timeout"},
		{wrap(&net.DNSError{IsTimeout: true}), "name lookup failed"},
		{wrap(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), "TLS certificate not accepted: unknown authority"},
		{wrap(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "secret"}), "TLS certificate not accepted: it is for another host"},
		{wrap(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), "TLS handshake failed"},
		{wrap(tls.AlertError(40)), "TLS handshake failed"},
		{wrap(errors.New("secret")), "network error on dial"},
		{&url.Error{Op: "Post", URL: "http://secret", Err: errors.New("http2: secret")}, "request failed"},
		{fmt.Errorf("%w: %w", errAnswerCut, io.ErrUnexpectedEOF), "answer cut short"},
		{fmt.Errorf("%w: secret", errPanic), "HTTP client panicked"},
		{context.Canceled, "canceled"},
		{errors.New("secret"), "unexpected error"},
	}
	for _, tt := range tests {
		for _, strict := range []bool{false, true} {
			o := classify(answer{err: tt.err}, testNow, strict)
			assert.Equal(t, outcome{kind: temporary, reason: tt.reason, overload: tt.reason == timedOut}, o)
			assert.NotContains(t, o.reason, "secret")
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	var names []string
	for k := delivered; k <= hold; k++ {
		names = append(names, k.String())
	}
	assert.Equal(t, "delivered partial throttled temporary too large rejected hold", strings.Join(names, " "))
	assert.Equal(t, "none", kind(0).String())
	assert.Equal(t, "hold", kind(77).String())
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"1", "", time.Second},
		{" 120 ", "", 2 * time.Minute},
		{"0", "", 0},
		{"000000000000000000000007", "", 7 * time.Second},
		{"-1", "", 0},
		{"+1", "", 0},
		{"1.5", "", 0},
		{"1e3", "", 0},
		{"٣", "", 0},
		{"3600", "", time.Hour},
		{"3601", "", time.Hour},
		{"9223372036854775807", "", time.Hour},
		{"18446744073709551616", "", time.Hour},
		{"Mon, 20 Jul 2026 12:00:30 GMT", "", 30 * time.Second},
		{"Monday, 20-Jul-26 12:00:30 GMT", "", 30 * time.Second},
		{"Mon Jul 20 12:00:30 2026", "", 30 * time.Second},
		{"Mon, 20 Jul 2026 11:59:59 GMT", "", 0},
		{"Mon, 20 Jul 2099 12:00:00 GMT", "", time.Hour},
		{"Mon, 01 Jan 0001 00:00:00 GMT", "", 0},
		// The server's clock is five minutes ahead of ours, or a day behind.
		{"Mon, 20 Jul 2026 12:06:00 GMT", "Mon, 20 Jul 2026 12:05:00 GMT", time.Minute},
		{"Sun, 19 Jul 2026 12:01:00 GMT", "Sun, 19 Jul 2026 12:00:00 GMT", time.Minute},
		{"Mon, 20 Jul 2026 12:00:30 GMT", "nonsense", 30 * time.Second},
	}
	for _, tt := range tests {
		got := parseRetryAfter(headers("Retry-After", tt.value, "Date", tt.date), testNow)
		assert.Equal(t, tt.want, got, "%q %q", tt.value, tt.date)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "77", "-1", "99999999999999999999", "Mon, 20 Jul 2026 12:00:30 GMT", "Mon Jul 20 12:00:30 2026"} {
		f.Add(s, "")
		f.Add(s, "Mon, 20 Jul 2026 12:05:00 GMT")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		got := parseRetryAfter(headers("Retry-After", value, "Date", date), testNow)
		if got < 0 || got > maxRetryAfter {
			t.Fatalf("%q, %q: %v is out of bounds", value, date, got)
		}
		if k := classify(answer{status: 503, header: headers("Retry-After", value, "Date", date)}, testNow, false).kind; (k == throttled) != (got > 0) {
			t.Fatalf("%q: %v with a pause of %v", value, k, got)
		}
	})
}

func TestPrintable(t *testing.T) {
	tests := []struct {
		in   string
		max  int
		want string
	}{
		{"plain", 10, "plain"},
		{"a\x1b[31mred\x07\n\r\tb", 50, "a [31mred b"},
		{"\u202eevil\u200b\x00\xff\xfe", 50, "evil"},
		{"héé", 2, "h"},
		{"héé", 3, "hé"},
		{"  ", 5, ""},
		{strings.Repeat("x", 1000), 5, "xxxxx"},
		{strings.Repeat("é", 1000), 5, "éé"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, printable(tt.in, tt.max), "%q", tt.in)
	}
}
