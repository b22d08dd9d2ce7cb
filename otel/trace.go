package ledgerotel

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// TraceContext returns the trace of the span in ctx, and whether there is a valid one.
// The span may be remote, or not be recorded. It is meant for Config.TraceContext of a
// client that is logged to by other ways than the SDK's.
func TraceContext(ctx context.Context) (ledger.TraceContext, bool) {
	sc := trace.SpanContextFromContext(ctx)
	return traceOf(sc), sc.IsValid()
}

func traceOf(sc trace.SpanContext) ledger.TraceContext {
	return ledger.TraceContext{TraceID: sc.TraceID(), SpanID: sc.SpanID(), Flags: byte(sc.TraceFlags())}
}

// contextOf returns a context with which the client finds the trace of r, whichever way
// it looks for it: by a hook that asks for the span, or for what ledger left in ctx.
func contextOf(ctx context.Context, r *sdklog.Record) context.Context {
	of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: r.TraceID(), SpanID: r.SpanID(), TraceFlags: r.TraceFlags()})
	span := trace.SpanContextFromContext(ctx)
	if !of.IsValid() && !span.IsValid() {
		return ctx // A trace that ledger left there is better than none.
	}
	tc := traceOf(of)
	if traceOf(span) != tc {
		ctx = trace.ContextWithSpanContext(ctx, of)
	}
	if known, _ := ledger.TraceFromContext(ctx); known != tc {
		ctx = ledger.ContextWithTrace(ctx, tc)
	}
	return ctx
}
