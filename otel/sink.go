package ledgerotel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// FlushTimeout is how long ForceFlush and Shutdown take at most if their context has no
// deadline. The SDK's own batch processor gives an export as long.
const FlushTimeout = 30 * time.Second

// client is what the package needs of a *ledger.Client.
type client interface {
	Log(ctx context.Context, r ledger.Record) error
	Flush(ctx context.Context) error
}

// sink is what processor and exporter have in common.
type sink struct {
	client    client       // nil: logs nothing
	level     slog.Leveler // nil: logs all
	resources resources
	stopped   atomic.Bool
	failing   atomic.Bool // no record was admitted since an error was returned
}

func (s *sink) init(c *ledger.Client, opts []Option) {
	cfg := config{resource: provided(nil)}
	for _, opt := range opts {
		if opt != nil {
			opt(&cfg)
		}
	}
	s.level, s.resources.client = cfg.level, cfg.resource
	if c != nil { // Or the interface would not be nil.
		s.client = c
	}
}

// wanted reports whether a record of this severity, emitted with ctx, is to be logged.
func (s *sink) wanted(ctx context.Context, severity log.Severity) bool {
	if s.level != nil && severity > log.SeverityUndefined && levelOf(severity, "") < s.level.Level() {
		return false
	}
	return s.client != nil && !own.Is(ctx)
}

// admit hands a record to the client. The end of ctx is no error: it ends the wait for
// the disk under SyncAlways, with the record admitted.
func (s *sink) admit(ctx context.Context, r *sdklog.Record) error {
	m, _ := mappings.Get().(*mapping)
	defer m.release()
	err := s.client.Log(contextOf(ctx, r), m.record(r, s.resources.beyond(r.Resource())))
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// report returns the error to tell the SDK: err, unless one like it was told and no
// record was admitted since. Whoever hears of it may log that, through us.
func (s *sink) report(err error) error {
	if err == nil {
		if s.failing.Load() {
			s.failing.Store(false)
		}
		return nil
	}
	if s.failing.Swap(true) {
		return nil
	}
	return fmt.Errorf("ledgerotel: %w", err)
}

// flush delivers what was admitted. A closed client has nothing more to do: what it
// admitted is on disk.
func (s *sink) flush(ctx context.Context) error {
	if s.client == nil {
		return nil
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, FlushTimeout)
		defer cancel()
	}
	err := s.client.Flush(ctx)
	if err == nil || errors.Is(err, ledger.ErrClosed) && !errors.Is(err, ledger.ErrNotSynced) {
		return nil
	}
	return fmt.Errorf("ledgerotel: %w", err)
}

// ForceFlush delivers what was admitted before it was called, see promise O5. Its error
// is that of [ledger.Client.Flush]. After Shutdown it does nothing.
func (s *sink) ForceFlush(ctx context.Context) error {
	if s.stopped.Load() {
		return nil
	}
	return s.flush(ctx)
}

// Shutdown takes no more records and does what ForceFlush does. The client goes on, and
// is the caller's to shut down.
func (s *sink) Shutdown(ctx context.Context) error {
	if s.stopped.Swap(true) {
		return nil
	}
	return s.flush(ctx)
}
