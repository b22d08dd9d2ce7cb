package middleware

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

const (
	kindCanceled = "canceled"
	kindTimeout  = "timeout"
)

// errorKind returns the error.type of a call that broke off. The types of net/http's
// errors say little (*net.OpError, or *errors.errorString for a connection that ended),
// so that the common causes have names; there are few of them, as an index wants it.
func errorKind(req *http.Request, err error) string {
	if gaveUp(req) {
		return kindCanceled
	}
	var timeout interface{ Timeout() bool }
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case err == nil:
		return "no_response" // and no reason why: base breaks its contract
	case late(req), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return kindTimeout
	case errors.As(err, &dns):
		return "name_resolution_error"
	case errors.As(err, &cert):
		return "server_certificate_invalid"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection_refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection_reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "unexpected_eof"
	}
	return ledger.ErrorType(err)
}

// gaveUp reports whether the caller canceled the request. The error does not tell: it
// may be the cause that the caller gave to context.WithCancelCause.
func gaveUp(req *http.Request) bool {
	if errors.Is(req.Context().Err(), context.Canceled) {
		return true
	}
	if late(req) {
		return false
	}
	select {
	case <-req.Cancel: //nolint:staticcheck // Deprecated, and still the way of some callers, http.Client's Timeout among them.
		return true
	default:
		return false
	}
}

// late reports whether the request's deadline has passed. http.Client's Timeout closes
// req.Cancel at the same moment, and may be the first to be seen.
func late(req *http.Request) bool {
	deadline, ok := req.Context().Deadline()
	return ok && !time.Now().Before(deadline)
}
