package ledgerotel_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

func TestExportersUnderTheSDKsProcessors(t *testing.T) {
	for name, processor := range map[string]func(sdklog.Exporter) sdklog.Processor{
		"simple": func(e sdklog.Exporter) sdklog.Processor { return sdklog.NewSimpleProcessor(e) },
		"batch": func(e sdklog.Exporter) sdklog.Processor {
			return sdklog.NewBatchProcessor(e, sdklog.WithExportInterval(time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{}
			r.client = open(t, r.server.config(t))
			r.provide(sdklog.WithProcessor(processor(ledgerotel.NewExporter(r.client, ledgerotel.WithLevel(slog.LevelInfo)))))
			for i := range 1000 {
				r.say(t.Context(), "%d", i)
			}
			r.emit(t.Context(), func(rec *log.Record) { rec.SetSeverity(log.SeverityDebug) })
			require.NoError(t, r.provider.ForceFlush(within(t)))
			assert.Zero(t, r.client.Stats().Pending, "delivered, not only admitted")
			require.NoError(t, r.provider.Shutdown(within(t)))
			assert.Len(t, r.arrived(t), 1000)
			require.NoError(t, r.client.Log(t.Context(), ledger.Record{Message: "the client goes on"}))
		})
	}
}

func records(bodies ...string) []sdklog.Record {
	out := make([]sdklog.Record, len(bodies))
	for i, b := range bodies {
		out[i].SetBody(attribute.StringValue(b))
	}
	return out
}

// An export whose time is over still takes everything: what it does not take is lost.
func TestAnExportThatIsLateTakesEverything(t *testing.T) {
	r := newRig(t)
	e := ledgerotel.NewExporter(r.client)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, e.Export(ctx, records("a", "b", "c")))
	assert.Equal(t, uint64(3), r.client.Stats().Accepted)
}

// Under SyncAlways the end of a context ends the wait, and is no fault.
func TestUnderSyncAlwaysTheEndOfAContextIsNoFault(t *testing.T) {
	r := &rig{}
	cfg := r.server.config(t)
	cfg.Durability = ledger.SyncAlways
	r.client = open(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		require.NoError(t, ledgerotel.NewExporter(r.client).Export(ctx, records("a")))
		require.NoError(t, ledgerotel.NewProcessor(r.client).OnEmit(ctx, &records("b")[0]))
	}
	assert.Equal(t, uint64(40), r.client.Stats().Accepted)
}

func TestAnExporterThatWasShutDown(t *testing.T) {
	r := newRig(t)
	e := ledgerotel.NewExporter(r.client)
	require.NoError(t, e.Export(t.Context(), records("a")))
	require.NoError(t, e.Shutdown(within(t)))
	require.ErrorIs(t, e.Export(t.Context(), records("b")), sdklog.ErrExporterShutdown)
	require.NoError(t, e.ForceFlush(t.Context()))
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Equal(t, uint64(1), r.client.Stats().Accepted)
}

// One error for all that is refused.
func TestAnExportToAClosedClient(t *testing.T) {
	r := newRig(t)
	e := ledgerotel.NewExporter(r.client)
	require.NoError(t, r.client.Close())
	require.ErrorIs(t, e.Export(t.Context(), records("a", "b", "c")), ledger.ErrClosed)
	require.NoError(t, e.Export(t.Context(), records("d")), "it was told")
	assert.Equal(t, uint64(4), r.client.Stats().Refused)
}
