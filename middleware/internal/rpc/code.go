package rpc

import (
	"log/slog"
	"net/http"
)

// Code is a status code, as gRPC numbers them. Connect has the same.
type Code uint32

// The codes, of which applications see those of their framework.
const (
	OK Code = iota
	Canceled
	Unknown
	InvalidArgument
	DeadlineExceeded
	NotFound
	AlreadyExists
	PermissionDenied
	ResourceExhausted
	FailedPrecondition
	Aborted
	OutOfRange
	Unimplemented
	Internal
	Unavailable
	DataLoss
	Unauthenticated
)

// HTTP returns the status that a code has in HTTP, by the mapping that Connect and
// the gateways of gRPC use. A code that is none of the above is an unknown error.
func (c Code) HTTP() int {
	switch c {
	case OK:
		return http.StatusOK
	case Canceled:
		return statusClosed
	case InvalidArgument, FailedPrecondition, OutOfRange:
		return http.StatusBadRequest
	case DeadlineExceeded:
		return http.StatusGatewayTimeout
	case NotFound:
		return http.StatusNotFound
	case AlreadyExists, Aborted:
		return http.StatusConflict
	case PermissionDenied:
		return http.StatusForbidden
	case ResourceExhausted:
		return http.StatusTooManyRequests
	case Unimplemented:
		return http.StatusNotImplemented
	case Unavailable:
		return http.StatusServiceUnavailable
	case Unauthenticated:
		return http.StatusUnauthorized
	default: // Unknown, Internal, DataLoss
		return http.StatusInternalServerError
	}
}

// statusClosed is nginx's number for a request that ended without an answer.
const statusClosed = 499

// fault reports whether a server that answers with c has failed, by OpenTelemetry's
// conventions. The other codes say that the caller has.
func (c Code) fault() bool {
	switch c {
	case Unknown, DeadlineExceeded, Unimplemented, Internal, Unavailable, DataLoss:
		return true
	default:
		return c > Unauthenticated
	}
}

// ServerLevel is the level of a served call: Error where the server has a fault that
// someone should look at, Warn where a number of them would be one.
func ServerLevel(c Code) slog.Level {
	switch c {
	case OK, Canceled, InvalidArgument, NotFound, AlreadyExists, Unauthenticated:
		return slog.LevelInfo
	case DeadlineExceeded, PermissionDenied, ResourceExhausted, FailedPrecondition,
		Aborted, OutOfRange, Unavailable:
		return slog.LevelWarn
	default: // Unknown, Unimplemented, Internal, DataLoss
		return slog.LevelError
	}
}

// ClientLevel is the level of an outgoing call. Whoever makes a call decides what its
// failure means, so that no code is an Error by itself.
func ClientLevel(c Code) slog.Level {
	switch c {
	case OK, Canceled, InvalidArgument, NotFound, AlreadyExists, ResourceExhausted,
		FailedPrecondition, Aborted, OutOfRange:
		return slog.LevelDebug
	case Unknown, DeadlineExceeded, PermissionDenied, Unauthenticated:
		return slog.LevelInfo
	default: // Unimplemented, Internal, Unavailable, DataLoss
		return slog.LevelWarn
	}
}
