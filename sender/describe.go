package sender

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
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
	var invalid x509.CertificateInvalidError
	var timeout net.Error
	var proxy *proxyError
	switch {
	case errors.Is(err, errAnswerCut):
		return "answer cut short"
	case errors.Is(err, errPanic):
		return "HTTP client panicked"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &proxy):
		return "proxy answered " + statusText(proxy.status)
	case errors.As(err, &dns):
		return "name lookup failed"
	case errors.As(err, &host):
		return "TLS certificate not accepted: it is for another host"
	case errors.As(err, &authority):
		return "TLS certificate not accepted: unknown authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS certificate not accepted: expired, or not valid yet"
	case errors.As(err, &cert):
		return "TLS certificate not accepted"
	case errors.As(err, &record), errors.As(err, &alert):
		return "TLS handshake failed"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return timedOut
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "network unreachable"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		switch op.Op {
		case "remote error": // An alert, in the words of crypto/tls: one for each of its numbers.
			return "TLS refused by the server: " + strings.TrimPrefix(op.Err.Error(), "tls: ")
		case "local error":
			return "TLS handshake failed"
		}
		return "network error on " + printable(op.Op, 16)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return "request failed"
	}
	return "unexpected error"
}
