package ledgerotel_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

func span(n byte) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{15: n}, SpanID: trace.SpanID{7: n}, TraceFlags: trace.FlagsSampled,
	})
}

func traceOf(n byte) ledger.TraceContext {
	return ledger.TraceContext{TraceID: [16]byte{15: n}, SpanID: [8]byte{7: n}, Flags: 1}
}

func (a arrival) trace() ledger.TraceContext {
	return ledger.TraceContext{TraceID: a.TraceID, SpanID: a.SpanID, Flags: byte(a.Flags)}
}

func TestTraceContext(t *testing.T) {
	for _, ctx := range []context.Context{
		t.Context(),
		trace.ContextWithSpanContext(t.Context(), trace.SpanContext{}),
		trace.ContextWithSpanContext(t.Context(), span(1).WithSpanID(trace.SpanID{})),
	} {
		tc, ok := ledgerotel.TraceContext(ctx)
		assert.False(t, ok)
		assert.False(t, tc.IsValid())
	}
	for _, sc := range []trace.SpanContext{span(1), span(1).WithRemote(true)} {
		tc, ok := ledgerotel.TraceContext(trace.ContextWithSpanContext(t.Context(), sc))
		assert.True(t, ok)
		assert.Equal(t, traceOf(1), tc)
	}
}

// edited is a processor in front of ours that changes records.
type edited struct {
	sdklog.Processor
	edit func(*sdklog.Record)
}

func (e edited) OnEmit(ctx context.Context, r *sdklog.Record) error {
	e.edit(r)
	return e.Processor.OnEmit(ctx, r)
}

func TestTheTraceIsThatOfTheRecord_O3(t *testing.T) {
	keep := func(*sdklog.Record) {}
	set := func(r *sdklog.Record) {
		r.SetTraceID(span(2).TraceID())
		r.SetSpanID(span(2).SpanID())
		r.SetTraceFlags(span(2).TraceFlags())
	}
	drop := func(r *sdklog.Record) {
		r.SetTraceID(trace.TraceID{})
		r.SetSpanID(trace.SpanID{})
		r.SetTraceFlags(0)
	}
	none := t.Context()
	inSpan := trace.ContextWithSpanContext(none, span(1))
	inLedger := ledger.ContextWithTrace(none, traceOf(3))
	inBoth := ledger.ContextWithTrace(inSpan, traceOf(3))
	for _, hook := range []func(context.Context) (ledger.TraceContext, bool){nil, ledgerotel.TraceContext} {
		r := &rig{}
		cfg := r.server.config(t)
		cfg.TraceContext = hook
		r.client = open(t, cfg)
		for _, c := range []struct {
			name string
			ctx  context.Context
			edit func(*sdklog.Record)
			want ledger.TraceContext
		}{
			{"none", none, keep, ledger.TraceContext{}},
			{"of the span", inSpan, keep, traceOf(1)},
			{"of ledger, there is no span", inLedger, keep, traceOf(3)},
			{"of the span, not of ledger", inBoth, keep, traceOf(1)},
			{"set by a processor, without span", none, set, traceOf(2)},
			{"set by a processor", inSpan, set, traceOf(2)},
			{"set by a processor, also ledger's", inBoth, set, traceOf(2)},
			{"taken away by a processor", inSpan, drop, ledger.TraceContext{}},
			{"taken away by a processor, also ledger's", inBoth, drop, ledger.TraceContext{}},
		} {
			t.Run(c.name, func(t *testing.T) {
				r.provide(sdklog.WithProcessor(edited{ledgerotel.NewProcessor(r.client), c.edit}))
				r.say(c.ctx, "hello")
				assert.Equal(t, c.want, r.one(t).trace())
			})
		}
	}
}

// A batch processor exports with a context of its own.
func TestTheTraceSurvivesABatch_O3(t *testing.T) {
	r := &rig{}
	r.client = open(t, r.server.config(t))
	r.provide(sdklog.WithProcessor(sdklog.NewBatchProcessor(ledgerotel.NewExporter(r.client), sdklog.WithExportInterval(time.Hour))))
	r.say(trace.ContextWithSpanContext(t.Context(), span(1)), "one")
	r.say(trace.ContextWithSpanContext(t.Context(), span(2)), "two")
	r.say(t.Context(), "three")
	assert.NoError(t, r.provider.Shutdown(within(t)))
	all := r.arrived(t)
	assert.Len(t, all, 3)
	for i, want := range []ledger.TraceContext{traceOf(1), traceOf(2), {}} {
		assert.Equal(t, want, all[i].trace())
	}
}

func TestATraceWithoutASpanIsKept_O2(t *testing.T) {
	r := &rig{}
	r.client = open(t, r.server.config(t))
	r.provide(sdklog.WithProcessor(edited{ledgerotel.NewProcessor(r.client), func(rec *sdklog.Record) {
		rec.SetTraceID(span(0xab).TraceID())
	}}))
	r.say(t.Context(), "hello")
	assert.Equal(t, "000000000000000000000000000000ab", r.one(t).attrs["trace_id"])
}

// The attributes that the application gave the request are on what it emits as well.
func TestScopesOfLedgerApply(t *testing.T) {
	r := newRig(t)
	var scope ledger.Scope
	scope.Add(slog.String("tenant", "acme"))
	ctx := trace.ContextWithSpanContext(ledger.ContextWithScope(t.Context(), &scope), span(1))
	r.emit(ctx, func(rec *log.Record) {})
	got := r.one(t)
	assert.Equal(t, "acme", got.attrs["tenant"])
	assert.Equal(t, traceOf(1), got.trace())
}
