package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// outcome is what the record of a call says about its end.
type outcome struct {
	End
	client bool // the call is an outgoing one
	ending ending
	panic  error
	stack  []byte
	reason error // that the application named
}

// served records a served call. v is the value of a panic; back says that the handler
// came back by itself.
func (x *call) served(ctx, inner context.Context, err error, v any, back bool) {
	o := outcome{End: x.end(err), reason: x.state.Reason()}
	switch {
	case v == nil && !back, isAbort(v):
		o.ending, o.Code = aborted, Canceled
	case v != nil:
		o.ending, o.Code, o.panic, o.stack = panicked, Internal, exchange.PanicError(v), debug.Stack()
	case ctx.Err() != nil:
		// Whatever the handler answered, its caller has given up, and has given
		// itself this code.
		o.ending, o.Code = clientGone, goneCode(ctx)
	case err != nil:
		o.Code = x.CodeOf(err)
	}
	level := x.level(&o)
	if !x.keeps(inner, &o, level) {
		return
	}
	rec := x.record(&o, level)
	rec.Type, rec.EventName = ledger.TypeEndpoint, "rpc.server.call"
	rec.Attrs = append(rec.Attrs,
		slog.Float64("rpc.server.call.duration", o.Duration.Seconds()),
		slog.String(exchange.KeyMethod, x.in.Method),
		slog.Int("http.response.status_code", o.Code.HTTP()))
	if x.in.Unknown {
		rec.Attrs = append(rec.Attrs, slog.String("url.path", x.in.Procedure))
	} else {
		rec.Attrs = append(rec.Attrs, slog.String(exchange.KeyRoute, x.in.Procedure))
	}
	switch {
	case o.ending == panicked:
		rec.Type, rec.Err, rec.Stack = ledger.TypeException, o.panic, o.stack
	case o.reason != nil:
		rec.Err = o.reason
	case o.ending == returned && o.Code.fault():
		rec.Err = err
	}
	x.log(inner, &rec)
}

// goneCode tells a caller that had enough from one whose time was up. Both let the
// call's context end by a cancel, for the caller's clock started first and its cancel
// may overtake the server's own timer: one that comes this close counts as that.
func goneCode(ctx context.Context) Code {
	const near = 10 * time.Millisecond
	if d, ok := ctx.Deadline(); ok && time.Until(d) < near {
		return DeadlineExceeded
	}
	return Canceled
}

// called records an outgoing call.
func (x *call) called(ctx context.Context, err error) {
	o := outcome{End: x.end(err), client: true}
	if err != nil {
		o.Code = x.CodeOf(err)
	}
	level := contained(func() slog.Level { return x.Level(o.Code) }, ClientLevel(o.Code))
	if !x.keeps(ctx, &o, level) {
		return
	}
	rec := x.record(&o, level)
	rec.Type, rec.EventName = ledger.TypeCustom, "rpc.client.call"
	rec.Attrs = append(rec.Attrs, slog.Float64("rpc.client.call.duration", o.Duration.Seconds()))
	x.log(ctx, &rec)
}

func (x *call) end(err error) End {
	return End{Procedure: x.in.Procedure, Err: err, Duration: time.Since(x.start)}
}

// level rates a served call.
func (x *call) level(o *outcome) slog.Level {
	switch {
	case o.ending == panicked:
		return slog.LevelError
	case o.ending != returned:
		return slog.LevelInfo
	}
	level := contained(func() slog.Level { return x.Level(o.Code) }, ServerLevel(o.Code))
	if o.reason != nil {
		return max(level, slog.LevelWarn)
	}
	return level
}

// keeps asks the application whether the record of a call is wanted. Errors are, in
// any case.
func (x *call) keeps(ctx context.Context, o *outcome, level slog.Level) bool {
	return x.Keep == nil || level >= slog.LevelError || contained(func() bool { return x.Keep(ctx, o.End) }, true)
}

// record returns what the records of both sides have in common.
func (x *call) record(o *outcome, level slog.Level) ledger.Record {
	name := x.Name(o.Code)
	method := x.method()
	attrs := append(make([]slog.Attr, 0, 24), slog.String("rpc.system.name", x.System))
	attrs = append(attrs, method...)
	attrs = append(attrs, slog.String("rpc.status_code", name),
		slog.Float64("ledger.duration_ms", float64(o.Duration)/1e6),
		slog.String("ledger.rpc.kind", x.in.Kind))
	if x.in.Kind != "unary" {
		attrs = append(attrs,
			slog.Int64("ledger.rpc.messages_sent", x.messages.Sent.Load()),
			slog.Int64("ledger.rpc.messages_received", x.messages.Received.Load()))
	}
	for _, a := range [...]slog.Attr{
		slog.String("ledger.rpc.protocol", x.in.Protocol),
		slog.String("server.address", x.in.Target),
		slog.String("user_agent.original", x.in.UserAgent),
		slog.String(exchange.KeyRequestID, x.in.RequestID),
		slog.String("error.type", o.errorType(name)),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	attrs = appendAddress(attrs, "network.peer", x.in.Peer)
	attrs = appendAddress(attrs, "server", x.in.Authority)
	if o.Err != nil && o.Code != OK && (o.client || o.ending != returned || !o.Code.fault() || o.reason != nil) {
		// What the caller was told. A fault is recorded as an exception, with it.
		attrs = append(attrs, slog.String("error.message", x.Message(o.Err)))
	}
	rec := ledger.Record{Level: level, Message: o.Procedure[min(1, len(o.Procedure)):] + " " + name, Attrs: attrs}
	if x.in.Unknown {
		rec.Message = x.System + " " + name // by the conventions for names of calls
	}
	if level >= slog.LevelError {
		rec.Importance = ledger.ImportanceHigh
	}
	return rec
}

// log logs a record. The context of a call ends with its client; the record of a
// client that left is wanted like any other.
func (x *call) log(ctx context.Context, rec *ledger.Record) {
	_ = x.Client.Log(context.WithoutCancel(ctx), *rec) // M4: the client counts its errors
}

// method returns rpc.method, of which a server has a closed list (M5).
func (x *call) method() []slog.Attr {
	name := x.in.Procedure[min(1, len(x.in.Procedure)):]
	if x.in.Unknown {
		return []slog.Attr{slog.String("rpc.method", "_OTHER"), slog.String("rpc.method_original", name)}
	}
	return []slog.Attr{slog.String("rpc.method", name)}
}

// errorType returns the value of error.type, empty if nothing failed. name is that of
// the code.
func (o *outcome) errorType(name string) string {
	switch {
	case o.ending == panicked:
		return ledger.ErrorType(o.panic)
	case o.ending == aborted:
		return "aborted"
	case o.ending == clientGone && o.Code == Canceled:
		return "client_closed_request"
	case o.Code.fault(), o.client && o.Code != OK:
		return name
	}
	return ""
}

// isAbort reports whether v is how a handler says that it gives up. It is compared as
// net/http does it.
func isAbort(v any) bool { return v == any(http.ErrAbortHandler) }

// appendAddress appends prefix.address and prefix.port.
func appendAddress(dst []slog.Attr, prefix, addr string) []slog.Attr {
	host, port, ok := exchange.SplitAddr(addr)
	if host == "" || host == "@" { // "@" is an unnamed Unix socket
		return dst
	}
	dst = append(dst, slog.String(prefix+".address", host))
	if ok {
		dst = append(dst, slog.Int(prefix+".port", port))
	}
	return dst
}
