package middleware

import (
	"net/http"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// New returns a middleware that records every request in c. A nil client turns it
// off: handlers are then returned as they are.
//
// The client stays the caller's, who shuts it down after the server.
func New(c *ledger.Client, opts ...Option) func(http.Handler) http.Handler {
	return NewRecorder(c, opts...).Wrap
}
