package ledgerotel_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerotel "github.com/ledger-sdk/ledger-go/otel"
)

// What was emitted is in the log when Emit returns, with the server down and no flush.
func TestWhatWasEmittedIsAdmitted_O1(t *testing.T) {
	r := newRig(t)
	r.server.set(true)
	for i := range 100 {
		r.say(t.Context(), "%d", i)
		require.Equal(t, uint64(i+1), r.client.Stats().Accepted)
	}
	require.NoError(t, r.client.Close())
	r.server.set(false)

	again := r.server.config(t)
	again.Dir = r.dir
	r.client = open(t, again)
	assert.Len(t, r.arrived(t), 100, "the next process delivers it")
}

func TestForceFlushDelivers(t *testing.T) {
	r := newRig(t)
	r.say(t.Context(), "hello")
	require.NoError(t, r.provider.ForceFlush(within(t)))
	assert.Zero(t, r.client.Stats().Pending)
}

func TestWithADeadServerFlushesEnd_O5(t *testing.T) {
	for name, f := range map[string]func(*rig, context.Context) error{
		"ForceFlush": func(r *rig, ctx context.Context) error { return r.provider.ForceFlush(ctx) },
		"Shutdown":   func(r *rig, ctx context.Context) error { return r.provider.Shutdown(ctx) },
	} {
		for _, limit := range []time.Duration{3 * time.Second, 2 * time.Minute, 0} {
			t.Run(fmt.Sprint(name, limit), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t)
					r.server.set(true)
					r.say(t.Context(), "hello")
					ctx, want := t.Context(), ledgerotel.FlushTimeout
					if limit > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, limit)
						defer cancel()
						want = limit
					}
					began := time.Now()
					err := f(r, ctx)
					assert.Equal(t, want, time.Since(began))
					var pending *ledger.PendingError
					require.ErrorAs(t, err, &pending)
					assert.Equal(t, uint64(1), pending.Pending)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					r.server.set(false)
					assert.Len(t, r.arrived(t), 1, "it was not lost")
				})
			})
		}
	}
}

func TestShutdownLeavesTheClient_O4(t *testing.T) {
	r := newRig(t)
	r.say(t.Context(), "before")
	require.NoError(t, r.provider.Shutdown(within(t)))
	assert.Zero(t, r.client.Stats().Pending, "it includes a flush")
	r.say(t.Context(), "after")
	require.NoError(t, r.client.Log(t.Context(), ledger.Record{Message: "of the client"}))
	all := r.arrived(t)
	require.Len(t, all, 2)
	assert.Equal(t, "of the client", all[1].Body)
}

func TestAProcessorThatWasShutDownDoesNothing(t *testing.T) {
	r := newRig(t)
	p := ledgerotel.NewProcessor(r.client)
	require.NoError(t, p.Shutdown(within(t)))
	assert.False(t, p.Enabled(t.Context(), sdklog.EnabledParameters{}))
	require.NoError(t, p.OnEmit(t.Context(), new(sdklog.Record)))
	assert.Zero(t, r.client.Stats().Accepted)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, p.ForceFlush(ended))
	require.NoError(t, p.Shutdown(ended))
}

// A provider may be shut down after the client: everything is on disk then.
func TestFlushesOfAClosedClient(t *testing.T) {
	r := newRig(t)
	r.server.set(true)
	r.say(t.Context(), "hello")
	require.NoError(t, r.client.Close())
	require.NoError(t, r.provider.ForceFlush(within(t)))
	require.NoError(t, r.provider.Shutdown(within(t)))
}

func TestANilClientTurnsItOff(t *testing.T) {
	p, e := ledgerotel.NewProcessor(nil, nil), ledgerotel.NewExporter(nil, ledgerotel.WithLevel(nil), nil)
	assert.False(t, p.Enabled(t.Context(), sdklog.EnabledParameters{Severity: log.SeverityFatal}))
	for _, err := range []error{
		p.OnEmit(t.Context(), new(sdklog.Record)), p.ForceFlush(t.Context()), p.Shutdown(t.Context()),
		e.Export(t.Context(), make([]sdklog.Record, 2)), e.ForceFlush(t.Context()), e.Shutdown(t.Context()),
	} {
		require.NoError(t, err)
	}
}

func TestLevels(t *testing.T) {
	var level slog.LevelVar
	level.Set(slog.LevelWarn)
	r := &rig{}
	r.client = open(t, r.server.config(t))
	r.provide(sdklog.WithProcessor(ledgerotel.NewProcessor(r.client, ledgerotel.WithLevel(&level))))
	emit := func() (enabled, admitted []log.Severity) {
		for _, s := range []log.Severity{log.SeverityUndefined, log.SeverityInfo, log.SeverityInfo4, log.SeverityWarn, log.SeverityFatal} {
			if r.log.Enabled(t.Context(), log.EnabledParameters{Severity: s}) {
				enabled = append(enabled, s)
			}
			before := r.client.Stats().Accepted
			r.emit(t.Context(), func(rec *log.Record) { rec.SetSeverity(s) })
			if r.client.Stats().Accepted > before {
				admitted = append(admitted, s)
			}
		}
		return enabled, admitted
	}
	enabled, admitted := emit()
	assert.Equal(t, []log.Severity{log.SeverityUndefined, log.SeverityWarn, log.SeverityFatal}, enabled)
	assert.Equal(t, enabled, admitted, "SDKs emit without asking, too")
	level.Set(slog.LevelInfo)
	enabled, admitted = emit()
	assert.Len(t, enabled, 5)
	assert.Len(t, admitted, 5)
}

// handled collects what the SDK is told, and logs it through the same provider.
func handled(t *testing.T, r *rig) func() []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	before := otel.GetErrorHandler()
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		all = append(all, err.Error())
		mu.Unlock()
		r.say(context.Background(), "telemetry fails: %v", err)
	}))
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func TestAnErrorHandlerThatLogsDoesNotLoop_O6(t *testing.T) {
	for name, processor := range map[string]func(*ledger.Client) sdklog.Processor{
		"processor": func(c *ledger.Client) sdklog.Processor { return ledgerotel.NewProcessor(c) },
		"simple":    func(c *ledger.Client) sdklog.Processor { return sdklog.NewSimpleProcessor(ledgerotel.NewExporter(c)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{}
			r.client = open(t, r.server.config(t))
			r.provide(sdklog.WithProcessor(processor(r.client)))
			errs := handled(t, r)
			require.NoError(t, r.client.Close())
			for range 10 {
				r.say(t.Context(), "too late")
			}
			all := errs()
			require.Len(t, all, 1, "once, not for each record")
			assert.Contains(t, all[0], "ledgerotel: ledger: client is closed")
			assert.Equal(t, uint64(11), r.client.Stats().Refused, "and counted each time")
		})
	}
}

// The client's diagnostics, and what its HTTP client logs of its requests, would be sent,
// and be logged again.
func TestWhatTheClientDoesMakesNoRecord_O6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{}
		var said int
		cfg := r.server.config(t)
		cfg.Logger = slog.New(emitting{func(ctx context.Context, text string) {
			if r.log != nil {
				said++
				r.say(ctx, "diagnostic: %s", text)
			}
		}})
		r.server.during = func(ctx context.Context) {
			assert.False(t, r.log.Enabled(ctx, log.EnabledParameters{Severity: log.SeverityError}))
			r.say(ctx, "POST /v1/logs")
		}
		r.client = open(t, cfg)
		r.provide(sdklog.WithProcessor(ledgerotel.NewProcessor(r.client)))
		r.server.set(true)
		r.say(t.Context(), "of the application")
		time.Sleep(10 * time.Minute)
		r.server.set(false)
		got := r.arrived(t)
		assert.Positive(t, said)
		assert.Greater(t, r.server.asked(), 3)
		require.Len(t, got, 1)
		assert.Equal(t, "of the application", got[0].Body)
	})
}

// emitting is a slog.Handler, such as a bridge to OpenTelemetry.
type emitting struct{ say func(context.Context, string) }

func (e emitting) Enabled(context.Context, slog.Level) bool { return true }
func (e emitting) WithAttrs([]slog.Attr) slog.Handler       { return e }
func (e emitting) WithGroup(string) slog.Handler            { return e }
func (e emitting) Handle(ctx context.Context, r slog.Record) error {
	e.say(ctx, r.Message)
	return nil
}

func TestEmittingFromManyGoroutines(t *testing.T) {
	r := newRig(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				r.say(t.Context(), "%d-%d", g, i)
			}
		})
	}
	wg.Wait()
	require.NoError(t, r.provider.Shutdown(within(t)))
	bodies := map[any]bool{}
	for _, got := range r.arrived(t) {
		bodies[got.Body] = true
	}
	assert.Len(t, bodies, 800)
}
