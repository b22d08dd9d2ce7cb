package ledgerotel

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// processor is a sink for one record at a time.
type processor struct{ sink }

var _ sdklog.Processor = (*processor)(nil)

// NewProcessor returns a processor that admits every record to c when it is emitted (O1).
// It is to be registered with one provider, as every processor. A nil client turns it off.
//
// Register it after processors that change records: the SDK calls them in order.
func NewProcessor(c *ledger.Client, opts ...Option) sdklog.Processor {
	p := new(processor)
	p.init(c, opts)
	return p
}

// Enabled reports whether OnEmit would log such a record.
func (p *processor) Enabled(ctx context.Context, param sdklog.EnabledParameters) bool {
	return !p.stopped.Load() && p.wanted(ctx, param.Severity)
}

// OnEmit logs a record. It keeps nothing of it.
func (p *processor) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if p.stopped.Load() || !p.wanted(ctx, r.Severity()) {
		return nil
	}
	return p.report(p.admit(ctx, r))
}
