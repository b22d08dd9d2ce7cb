package rpc

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// Recorder records the calls of one adapter. It is safe for concurrent use; its fields
// are set before the first call and not changed afterwards.
type Recorder struct {
	Client *ledger.Client
	System string // rpc.system.name
	// Name returns the name that a code has in the system.
	Name func(Code) string
	// CodeOf returns the code that the caller gets for an error of a handler, or that
	// the error of an outgoing call has.
	CodeOf func(error) Code
	// Message returns the text of an error as the caller gets it.
	Message func(error) string
	// Answer, if set, is what a panic is answered with, instead of raised again.
	Answer error

	Skip  func(ctx context.Context, procedure string) bool
	Keep  func(ctx context.Context, e End) bool
	Level func(Code) slog.Level
}

// Call is what is known of a call before it runs. Empty fields leave their attributes
// out.
type Call struct {
	Procedure string // "/package.Service/Method"
	Unknown   bool   // the server does not have it
	Kind      string // unary, client_stream, server_stream, bidi_stream
	Method    string // of HTTP
	Protocol  string // on the wire, where a system has several
	Peer      string // the connection's other end, "host:port"
	Authority string // the name by which the client calls: "host" or "host:port"
	Target    string // where an outgoing call goes, if that is no Authority
	UserAgent string
	RequestID string
	// Traceparent is the header of a served call.
	Traceparent string
}

// End is how a call ended.
type End struct {
	Procedure string
	Code      Code
	Err       error // of the handler, or of the outgoing call
	Duration  time.Duration
}

// Messages counts those of a stream that went through, by direction.
type Messages struct {
	Sent, Received atomic.Int64
}

// ending says why a call has the code it has.
type ending uint8

const (
	returned ending = iota
	clientGone
	aborted
	panicked
)

// Serve runs handle and records the call. It returns what handle does.
func (r *Recorder) Serve(ctx context.Context, in *Call, handle func(context.Context, *Messages) error) (err error) {
	x := &call{Recorder: r, in: in, start: time.Now()}
	if r.skips(ctx, in.Procedure) {
		return handle(ctx, &x.messages)
	}
	inner := x.enter(ctx)
	back := false
	defer func() {
		v := recover()
		x.served(ctx, inner, err, v, back)
		switch {
		case v == nil:
		case r.Answer != nil && !isAbort(v):
			err = r.Answer
		default:
			panic(v) // with the frames of the first panic still on the stack (M3)
		}
	}()
	err = handle(inner, &x.messages)
	back = true
	return err
}

// Begin starts the record of an outgoing call; done makes it, and is called once with
// the call's error. It returns nil if the call is not recorded.
func (r *Recorder) Begin(ctx context.Context, in *Call) (m *Messages, done func(error)) {
	if own.Is(ctx) || r.skips(ctx, in.Procedure) {
		return nil, nil
	}
	x := &call{Recorder: r, in: in, start: time.Now()}
	return &x.messages, func(err error) { x.called(ctx, err) }
}

func (r *Recorder) skips(ctx context.Context, procedure string) bool {
	return r.Skip != nil && contained(func() bool { return r.Skip(ctx, procedure) }, false)
}

// call is one call while it runs.
type call struct {
	*Recorder
	in       *Call
	start    time.Time
	state    *exchange.State // of a served call
	messages Messages
}

// enter returns the context of the handler: what it logs carries the method, the
// request's ID and the caller's trace.
//
// A state that is there already is that of a middleware outside, whose record is of
// the same request: both records get what the handler says.
func (x *call) enter(ctx context.Context) context.Context {
	if _, ok := ledger.TraceFromContext(ctx); !ok {
		if tc, ok := ledger.ParseTraceparent(x.in.Traceparent); ok {
			ctx = ledger.ContextWithTrace(ctx, tc)
		}
	}
	x.state = exchange.FromContext(ctx)
	if x.state == nil {
		x.state = new(exchange.State)
		ctx = x.state.Enter(ctx, x.in.Method, x.in.RequestID)
	}
	x.state.Add(x.method()...)
	if !x.in.Unknown {
		x.state.SetRoute(x.in.Procedure)
	}
	return ctx
}

// RequestID returns the ID of a request from its header, empty if it is none.
func RequestID(header string) string {
	if policy.ValidID(header) {
		return header
	}
	return ""
}

// contained asks a function of the application's; if it panics, otherwise is the
// answer (M4).
func contained[T any](f func() T, otherwise T) (answer T) {
	defer func() {
		if recover() != nil {
			answer = otherwise
		}
	}()
	return f()
}
