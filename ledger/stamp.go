package ledger

import (
	"context"
	"log/slog"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// stamp is what a record gets from where and when it is logged, exactly once (S2), and
// what it is brought into form by.
type stamp struct {
	id       [32]byte
	now      time.Time
	trace    TraceContext
	scope    []slog.Attr // of the context, flat and plain
	resource int         // the size of the resource's attributes, see resourceSize
	max      fieldLimits
	scrub    *scrub.Scrubber
	// last says that a hook had the last word: message and attributes stay as they are.
	last bool
}

// stamp makes one for a record that is logged with ctx.
func (c *Client) stamp(ctx context.Context, now time.Time) stamp {
	of := c.commonOf(ctx)
	s := stamp{now: now, trace: of.trace, scope: of.scope.Attrs(), resource: c.resource.size, scrub: c.scrub}
	if told := c.fields.Load(); told != nil {
		s.max = *told
	} else {
		s.max = knownLimits()
	}
	c.ids.appendNext(s.id[:0], now)
	return s
}

// commonOf returns what ctx says about its records. The application's own source of
// traces is asked first: a span is begun inside of what carried ours.
func (c *Client) commonOf(ctx context.Context) common {
	of := commonOf(ctx)
	if c.cfg.TraceContext != nil {
		if tc, ok := c.askTrace(ctx); ok {
			of.trace = tc
		}
	}
	of.trace, _ = of.trace.valid()
	return of
}

// askTrace contains a panic: the record then has the trace that it would have without.
func (c *Client) askTrace(ctx context.Context) (tc TraceContext, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	tc, ok = c.cfg.TraceContext(ctx)
	return tc, ok && tc.IsValid()
}

// text returns the scrubber for message and attributes.
func (s *stamp) text() *scrub.Scrubber {
	if s.last {
		return nil
	}
	return s.scrub
}

// record returns r's own fields in OTLP's terms, but for body and attributes.
func (s *stamp) record(r *Record) otlp.Record {
	return otlp.Record{
		Time: limitTime(r.Time, s.now), Observed: s.now.UnixNano(),
		Severity: severityOf(r.Level), SeverityText: r.Level.String(), EventName: scrubText(r.EventName, s.text()),
		TraceID: s.trace.TraceID, SpanID: s.trace.SpanID, Flags: uint32(s.trace.Flags),
	}
}
