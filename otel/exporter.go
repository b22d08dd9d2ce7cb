package ledgerotel

import (
	"context"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// exporter is a sink for lists of records.
type exporter struct{ sink }

var _ sdklog.Exporter = (*exporter)(nil)

// NewExporter returns an exporter that admits records to c, for processors that want one.
// Use [NewProcessor] where there is a choice: what a batch processor in front holds, 2048
// records and a second's worth by default, is lost when the process dies, and when its
// queue is full. In front of this exporter its SimpleProcessor is safe, and takes a lock
// for all records. A nil client turns it off.
func NewExporter(c *ledger.Client, opts ...Option) sdklog.Exporter {
	e := new(exporter)
	e.init(c, opts)
	return e
}

// Export logs records, all of them even if ctx has ended: that takes no time. It keeps
// nothing of them. Its error is that of the first which was refused, see promise O6.
func (e *exporter) Export(ctx context.Context, records []sdklog.Record) error {
	if e.stopped.Load() {
		return sdklog.ErrExporterShutdown
	}
	var first error
	for i := range records {
		if !e.wanted(ctx, records[i].Severity()) {
			continue
		}
		if err := e.report(e.admit(ctx, &records[i])); first == nil {
			first = err
		}
	}
	return first
}
