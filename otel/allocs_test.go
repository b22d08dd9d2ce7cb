package ledgerotel

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"
)

// measured counts the allocations of OnEmit for the records that the SDK makes.
type measured struct {
	*processor
	allocs float64
}

func (m *measured) OnEmit(ctx context.Context, r *sdklog.Record) error {
	m.allocs = testing.AllocsPerRun(200, func() { _ = m.processor.OnEmit(ctx, r) })
	return nil
}

// A record with attributes of plain kinds costs no allocation here, and one for its trace:
// the context that the client finds it in.
func TestATypicalRecordCostsNoAllocation(t *testing.T) {
	c := new(broken)
	m := &measured{processor: &processor{sink{client: c}}}
	var r log.Record
	r.SetTimestamp(time.Now())
	r.SetSeverity(log.SeverityInfo)
	r.SetSeverityText("INFO")
	r.SetBody(attribute.StringValue("order paid"))
	r.AddAttributes(attribute.String("order.id", "7f3c"), attribute.Int("items", 3), attribute.Float64("total", 41.5),
		attribute.Bool("gift", false), attribute.String("currency", "EUR"), attribute.String("shop", "main"))
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})
	for _, of := range []struct {
		ctx  context.Context
		want float64
	}{
		{t.Context(), 0},
		{trace.ContextWithSpanContext(t.Context(), span), 1},
	} {
		sdklog.NewLoggerProvider(sdklog.WithProcessor(m)).Logger("shop").Emit(of.ctx, r)
		if !raceDetector { // It makes pools forgetful.
			assert.Equal(t, of.want, m.allocs)
		}
		assert.Equal(t, 7, c.attrs, "those of the record and its scope, none of the one before")
	}
}
