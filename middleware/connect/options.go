package ledgerconnect

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"connectrpc.com/connect"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/rpc"
)

// Option changes what an interceptor records. Functions that are given to options may
// be called from several goroutines at once; a panic in one counts as no answer. A nil
// Option, and a nil function in an option, ask for nothing.
type Option func(*interceptor)

// WithSkip leaves out the calls for which skip returns true. It is asked before the
// call, with the procedure, "/package.Service/Method". What is skipped is not touched:
// its panics are not seen, and its context has no scope.
func WithSkip(skip func(ctx context.Context, procedure string) bool) Option {
	return func(i *interceptor) { i.each(func(r *rpc.Recorder) { r.Skip = skip }) }
}

// Call is a call that has ended, as [WithKeep] is asked about it.
type Call struct {
	Procedure string       // "/package.Service/Method"
	Code      connect.Code // 0 if the call did not fail
	Err       error        // of the handler, or of the outgoing call
	Duration  time.Duration
}

// WithKeep records only the calls for which keep returns true. It is asked after the
// call, and not about those that are recorded at the level Error or above.
func WithKeep(keep func(ctx context.Context, c Call) bool) Option {
	return func(i *interceptor) {
		i.each(func(r *rpc.Recorder) {
			if keep == nil {
				r.Keep = nil
				return
			}
			r.Keep = func(ctx context.Context, e rpc.End) bool {
				return keep(ctx, Call{e.Procedure, connect.Code(e.Code), e.Err, e.Duration})
			}
		})
	}
}

// WithLevel sets the levels of the codes, on both sides; 0 is the code of a call that
// did not fail. Calls that panicked, or whose client left, keep theirs.
func WithLevel(level func(connect.Code) slog.Level) Option {
	return func(i *interceptor) {
		if level == nil {
			return
		}
		i.each(func(r *rpc.Recorder) {
			r.Level = func(c rpc.Code) slog.Level { return level(connect.Code(c)) }
		})
	}
}

// WithRecover answers a panic of a handler with [connect.CodeInternal], after it was
// recorded. http.ErrAbortHandler is never recovered from.
func WithRecover() Option {
	return func(i *interceptor) {
		i.server.Answer = connect.NewError(connect.CodeInternal, errors.New("internal error"))
	}
}

// interceptor records what goes through it.
type interceptor struct {
	server, client rpc.Recorder
}

func (i *interceptor) each(set func(*rpc.Recorder)) {
	set(&i.server)
	set(&i.client)
}

func newInterceptor(c *ledger.Client, opts []Option) *interceptor {
	i := new(interceptor)
	i.each(func(r *rpc.Recorder) {
		r.Client, r.System, r.Name, r.CodeOf, r.Message = c, "connectrpc", codeName, codeOf, message
	})
	i.server.Level, i.client.Level = rpc.ServerLevel, rpc.ClientLevel
	for _, opt := range opts {
		if opt != nil {
			opt(i)
		}
	}
	return i
}

// codeOf returns the code that connect sends for an error of a handler.
func codeOf(err error) rpc.Code {
	coded, ok := errors.AsType[*connect.Error](err)
	switch {
	case connect.IsNotModifiedError(err):
		return rpc.OK // the answer to a conditional GET
	case ok:
		return rpc.Code(coded.Code())
	case errors.Is(err, context.Canceled):
		return rpc.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return rpc.DeadlineExceeded
	}
	return rpc.Unknown
}

// message returns the text of an error without its code.
func message(err error) string {
	if coded, ok := errors.AsType[*connect.Error](err); ok {
		return coded.Message()
	}
	return err.Error()
}

// codeName returns the name of a code as Connect's protocol spells it. The protocol has
// no name for success; it is gRPC's.
func codeName(c rpc.Code) string {
	switch {
	case c == rpc.OK:
		return "ok"
	case c > rpc.Unauthenticated:
		return connect.CodeUnknown.String()
	}
	return connect.Code(c).String()
}
