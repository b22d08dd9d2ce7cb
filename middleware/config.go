package middleware

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// config is what the options ask for. It is not changed once requests are served.
type config struct {
	// Which requests.
	skip       func(*http.Request) bool
	keep       func(*http.Request, int, time.Duration) bool
	slow       time.Duration
	sampler    *policy.Sampler // nil: every request
	routedOnly bool
	noise      *policy.Noise // nil: nothing is noise
	startAfter time.Duration // 0: no start events

	// What of them.
	routeFunc       func(*http.Request) string
	mux             Matcher
	level           func(*http.Request, int) slog.Level
	query           *policy.Redactor // nil: queries are not recorded
	forms           *policy.Redactor
	headers         headerNames
	requestHeaders  policy.Headers
	responseHeaders policy.Headers
	requestBody     int // bytes of the preview, 0: none
	responseBody    int
	errorBody       int
	clientIP        func(*http.Request) string
	proxies         policy.Proxies
	forwardedHeader string // that proxies is about, empty: nobody is believed
	answerID        bool
	recovers        bool

	counts *counts
}

// headerNames are the names that the options gave, until all are known.
type headerNames struct {
	request, response, denied []string
}

// defaultErrorBody is the preview that the Ledger server shows of an error response.
const defaultErrorBody = 4 << 10

func newConfig(opts []Option) config {
	c := config{errorBody: defaultErrorBody, counts: new(counts)}
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	if c.forms = c.query; c.forms == nil {
		c.forms = policy.NewRedactor()
	}
	c.requestHeaders = policy.NewHeaders("http.request.header.", c.headers.request, c.headers.denied)
	c.responseHeaders = policy.NewHeaders("http.response.header.", c.headers.response, c.headers.denied)
	c.forwardedHeader = c.proxies.Header()
	return c
}

// bounded brings the size of a preview within its limits.
func bounded(bytes int) int { return min(max(bytes, 0), policy.MaxPreview) }
