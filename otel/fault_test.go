package ledgerotel

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// broken is a client whose next calls fail.
type broken struct {
	log, flush error
	attrs      int // of the last record
}

func (b *broken) Log(_ context.Context, r ledger.Record) error {
	b.attrs = len(r.Attrs)
	return b.log
}

func (b *broken) Flush(context.Context) error { return b.flush }

var _ client = (*ledger.Client)(nil)

// Each fault is told once, until a record was admitted.
func TestFaultsAreTold_O6(t *testing.T) {
	c := new(broken)
	p := &processor{sink{client: c}}
	for _, step := range []struct{ fault, told error }{
		{nil, nil},
		{ledger.ErrTooLarge, ledger.ErrTooLarge},
		{ledger.ErrTooLarge, nil},
		{ledger.ErrClosed, nil},
		{context.Canceled, nil}, // admitted, under SyncAlways
		{ledger.ErrNotSynced, ledger.ErrNotSynced},
		{context.DeadlineExceeded, nil},
		{nil, nil},
		{ledger.ErrClosed, ledger.ErrClosed},
		{nil, nil},
		{nil, nil},
	} {
		c.log = step.fault
		err := p.OnEmit(t.Context(), new(sdklog.Record))
		if step.told == nil {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, step.told)
		assert.ErrorContains(t, err, "ledgerotel: ")
	}
}

// A disk that fails is not hidden by the client's end.
func TestFaultsOfFlushesAreTold(t *testing.T) {
	disk := errors.New("no space left on device")
	for _, c := range []struct{ fault, told error }{
		{nil, nil},
		{ledger.ErrClosed, nil},
		{errors.Join(ledger.ErrClosed, ledger.ErrNotSynced), ledger.ErrNotSynced},
		{errors.Join(ledger.ErrNotSynced, disk), disk},
		{&ledger.PendingError{Op: "flush", Pending: 7, Err: context.DeadlineExceeded}, context.DeadlineExceeded},
	} {
		for _, f := range []func(*sink) error{
			func(s *sink) error { return s.ForceFlush(t.Context()) },
			func(s *sink) error { return s.Shutdown(t.Context()) },
		} {
			err := f(&sink{client: &broken{flush: c.fault}})
			if c.told == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.told)
			}
		}
	}
}

// What was shut down does not ask the client again.
func TestAfterShutdownThereIsNothingToFlush(t *testing.T) {
	c := new(broken)
	s := &sink{client: c}
	require.NoError(t, s.Shutdown(t.Context()))
	c.flush = errors.New("asked again")
	require.NoError(t, s.Shutdown(t.Context()))
	require.NoError(t, s.ForceFlush(t.Context()))
}

// One exporter may serve providers with different resources.
func TestWhatIsKnownOfAResourceIsItsOwn(t *testing.T) {
	var r resources
	for range 2 {
		for _, name := range []string{"a", "b"} {
			res := resource.NewSchemaless(attribute.String("team", name))
			assert.Equal(t, []slog.Attr{slog.String("team", name)}, r.beyond(res))
		}
	}
}
