package sender

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// kind is what an answer means for the records of its batch.
type kind uint8

const (
	// delivered: the server has them; the batch is acked.
	delivered kind = iota + 1
	// partial: the server has some of them and does not say which.
	partial
	// throttled: the server asks for a pause. Not a failure.
	throttled
	// temporary: the same batch can succeed later.
	temporary
	// tooLarge: the batch as a whole is over a limit of the server.
	tooLarge
	// rejected: something in the batch is not acceptable.
	rejected
	// hold: credential, quota or address is wrong; nothing can succeed until it
	// is fixed.
	hold
)

// answer is what came of one request: a transport error, or a status with what
// else the server said. Everything in it but err is the server's, and untrusted.
type answer struct {
	status   int
	header   http.Header
	response otlp.Response // of a 2xx
	message  string        // the server's words, already printable
	err      error
}

// outcome is what an answer means.
type outcome struct {
	kind kind
	// retryAfter is the pause the server asked for; 0 leaves it to our backoff.
	retryAfter time.Duration
	// reason is ours, short, and one of a bounded number of texts.
	reason string
	// message is the server's, printable and bounded, "" if it said nothing.
	message string
	// rejected is how many records of a partial batch the server refused.
	rejected int64
	// quota says that it refused them because a quota is used up.
	quota bool
	// status of the answer, 0 if there was none.
	status int
	// overload says that the server is there and cannot keep up.
	overload bool
}

// classify is the outcome table of doc.go. Under strict only what OTLP calls
// retryable is: 429, 502, 503, 504 and a failed connection. Everything else that
// would be temporary then holds.
func classify(a answer, now time.Time, strict bool) outcome {
	if a.err != nil {
		reason := describe(a.err)
		return outcome{kind: temporary, reason: reason, overload: reason == timedOut}
	}
	o := outcome{reason: statusText(a.status), message: a.message, status: a.status}
	switch s := a.status; {
	case s >= 200 && s <= 299:
		o.kind = delivered
		if o.rejected = a.response.Rejected; o.rejected > 0 {
			o.kind, o.reason = partial, "records rejected by the server"
			o.quota = strings.Contains(strings.ToLower(a.message), "quota")
		}
	case s == http.StatusTooManyRequests:
		o.kind, o.retryAfter, o.overload = throttled, parseRetryAfter(a.header, now), true
	case s == http.StatusServiceUnavailable:
		o.kind, o.overload = temporary, true
		if o.retryAfter = parseRetryAfter(a.header, now); o.retryAfter > 0 {
			o.kind = throttled
		}
	case s == http.StatusBadGateway, s == http.StatusGatewayTimeout:
		o.kind = temporary
	case s >= 500 && s <= 599, s == http.StatusRequestTimeout, s == http.StatusTooEarly:
		o.kind = temporary
		if strict {
			o.kind = hold
		}
	case s == http.StatusRequestEntityTooLarge, s == http.StatusBadRequest && saysTooLarge(a.message):
		o.kind = tooLarge
	case s == http.StatusBadRequest, s == http.StatusUnprocessableEntity:
		o.kind = rejected
	case s >= 300 && s <= 399:
		// Following it could give the key to another host.
		o.kind, o.reason = hold, o.reason+" (redirects are not followed)"
	default:
		// 401, 402, 403, 404, 405, 415, every other 4xx, and numbers that are no
		// status at all: the address is not that of a log server.
		o.kind = hold
	}
	return o
}

// statusText is the status with its standard name. The server's own phrase is
// not used: it is untrusted and there is no end of them.
func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d %s", status, text)
	}
	if status < 100 || status > 599 {
		return "not an HTTP status"
	}
	return strconv.Itoa(status)
}

// saysTooLarge reports whether the words of a 400 mean a 413. That is how the size limits
// of the OpenTelemetry Collector ("http: request body too large"), of VictoriaLogs ("too
// big data size") and of Ledger (more records than a batch may have) are answered. Taken
// for one it is not, a batch is halved in vain; the records are judged all the same.
func saysTooLarge(message string) bool {
	m := strings.ToLower(message)
	for _, words := range []string{"too large", "too big", "too many", "exceed", "maximum"} {
		if strings.Contains(m, words) {
			return true
		}
	}
	return false
}

// concernsRecords reports whether the outcome is about records of the batch, rather than
// about the server or the way to it.
func (k kind) concernsRecords() bool { return k == rejected || k == tooLarge || k == partial }

func (k kind) String() string {
	names := [...]string{"none", "delivered", "partial", "throttled", "temporary", "too large", "rejected", "hold"}
	return names[min(int(k), len(names)-1)]
}
