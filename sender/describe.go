package sender

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"
)

// timedOut is what describe says of a server that takes too long.
const timedOut = "timeout"

// describe says in a few stable words why a request failed. Stable, because a
// line is written once per distinct reason; ours, because the error's own text
// may hold the URL, an address or what a server sent.
func describe(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var timeout net.Error
	switch {
	case errors.Is(err, errAnswerCut):
		return "answer cut short"
	case errors.Is(err, errPanic):
		return "HTTP client panicked"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &dns):
		return "name lookup failed"
	case errors.As(err, &cert), errors.As(err, &host), errors.As(err, &authority):
		return "TLS certificate not accepted"
	case errors.As(err, &record), errors.As(err, &alert):
		return "TLS handshake failed"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return timedOut
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "network unreachable"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return "network error on " + printable(op.Op, 16)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return "request failed"
	}
	return "unexpected error"
}
