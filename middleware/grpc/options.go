package ledgergrpc

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/rpc"
)

// Option changes what an interceptor records. Functions that are given to options may
// be called from several goroutines at once; a panic in one counts as no answer. A nil
// Option, and a nil function in an option, ask for nothing.
type Option func(*rpc.Recorder)

// WithSkip leaves out the calls for which skip returns true. It is asked before the
// call, with the full method, "/package.Service/Method". What is skipped is not
// touched: its panics are not seen, and its context has no scope.
//
//	ledgergrpc.WithSkip(func(_ context.Context, method string) bool {
//		return strings.HasPrefix(method, "/grpc.health.v1.Health/")
//	})
func WithSkip(skip func(ctx context.Context, fullMethod string) bool) Option {
	return func(r *rpc.Recorder) { r.Skip = skip }
}

// Call is a call that has ended, as [WithKeep] is asked about it.
type Call struct {
	FullMethod string // "/package.Service/Method"
	Code       codes.Code
	Err        error // of the handler, or of the outgoing call
	Duration   time.Duration
}

// WithKeep records only the calls for which keep returns true. It is asked after the
// call, and not about those that are recorded at the level Error or above.
func WithKeep(keep func(ctx context.Context, c Call) bool) Option {
	return func(r *rpc.Recorder) {
		if keep == nil {
			r.Keep = nil
			return
		}
		r.Keep = func(ctx context.Context, e rpc.End) bool {
			return keep(ctx, Call{e.Procedure, codes.Code(e.Code), e.Err, e.Duration})
		}
	}
}

// WithLevel sets the levels of the codes. Calls that panicked, or whose client left,
// keep theirs.
func WithLevel(level func(codes.Code) slog.Level) Option {
	return func(r *rpc.Recorder) {
		if level == nil {
			return
		}
		r.Level = func(c rpc.Code) slog.Level { return level(codes.Code(c)) }
	}
}

// WithRecover answers a panic of a handler with [codes.Internal], after it was
// recorded. Without it, or another interceptor that recovers, a panic ends the
// process. http.ErrAbortHandler is never recovered from.
func WithRecover() Option {
	return func(r *rpc.Recorder) { r.Answer = status.Error(codes.Internal, "internal error") }
}

func newRecorder(c *ledger.Client, level func(rpc.Code) slog.Level, opts []Option) *rpc.Recorder {
	r := &rpc.Recorder{
		Client: c, System: "grpc", Name: codeName, CodeOf: codeOf, Message: message, Level: level,
	}
	for _, opt := range opts {
		if opt != nil {
			opt(r)
		}
	}
	return r
}

// codeOf returns the code that gRPC sends for an error of a handler.
func codeOf(err error) rpc.Code { return rpc.Code(statusOf(err).Code()) }

func message(err error) string { return statusOf(err).Message() }

// statusOf returns the status that gRPC makes of an error of a handler.
func statusOf(err error) *status.Status {
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	return s
}

// codeName returns the name of a code as gRPC's protocol spells it. Go's spells
// another way.
func codeName(c rpc.Code) string {
	names := [...]string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
		"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
		"OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
	if int(c) < len(names) {
		return names[c]
	}
	return names[rpc.Unknown] // what the protocol says of codes that it does not know
}
