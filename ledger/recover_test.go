package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// pay is where all panics here come from.
//
//go:noinline
func pay(v any) { panic(v) }

// recovered runs f and returns what it panics with.
func recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

type silent struct{}

func (silent) Error() string { panic("no text") }

type ending struct{}

func (ending) Error() string { runtime.Goexit(); return "" }

// broken is a context that cannot be asked.
type broken struct{ context.Context }

func (broken) Value(any) any { panic("no value") }

func TestRecoverRecordsAPanicAndRaisesTheSameValue(t *testing.T) {
	sentinel := errors.New("declined")
	pointer := &struct{ n int }{7}
	for _, c := range []struct {
		name          string
		value         any
		kind, message string
	}{
		{"an error", sentinel, "error", "declined"},
		{"a wrapped error", fmt.Errorf("pay: %w", os.ErrInvalid), "error", "pay: invalid argument"},
		{"an error with a type", &os.PathError{Op: "open", Path: "x", Err: sentinel}, "*fs.PathError", "open x: declined"},
		{"text", "boom", "*ledger.Panic", "boom"},
		{"a pointer", pointer, "*ledger.Panic", "&{7}"},
		{"what cannot be compared", []int{1}, "*ledger.Panic", "[1]"},
		{"an error without a text", silent{}, "ledger_test.silent", "!PANIC: no text"},
		{"nothing", "", "*ledger.Panic", "panic: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := newCollector(t)
			cfg := config(t, srv.URL)
			cfg.RingBytes = 1 << 20
			client := open(t, cfg)
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // An ended context is no reason to lose a panic.
			got := recovered(func() {
				defer client.Recover(ctx)
				pay(c.value)
			})
			assert.Equal(t, c.value, got)
			if c.name == "a pointer" {
				assert.Same(t, pointer, got)
			}
			s := balance(t, client)
			assert.Equal(t, uint64(1), s.Accepted)
			assert.Equal(t, s.Last, s.Synced, "it is safe when Recover raises")

			require.NoError(t, client.Flush(within(t)))
			require.Len(t, srv.all(), 1)
			a := srv.all()[0]
			assert.Equal(t, c.kind, a.attrs["exception.type"])
			assert.Equal(t, c.message, a.attrs["exception.message"])
			assert.Equal(t, true, a.attrs["ledger.uncaught"])
			assert.Equal(t, "exception", a.attrs["ledger.log_type"])
			assert.Equal(t, "critical", a.attrs["ledger.importance"])
			assert.Equal(t, 21, a.record.Severity)
			assert.True(t, strings.HasPrefix(a.body, "panic: "), a.body)
			lines := strings.Split(a.attrs["exception.stacktrace"].(string), "\n")
			assert.Regexp(t, `^at github\.com/ledger-sdk/ledger-go/ledger_test\.pay\(recover_test\.go:\d+\)$`, lines[0])
			assert.Contains(t, lines[1], "TestRecoverRecordsAPanicAndRaisesTheSameValue.func")
		})
	}
}

func TestRecoverOfTheRuntimesOwnPanics(t *testing.T) {
	srv := newCollector(t)
	client := open(t, config(t, srv.URL))
	var index []int
	var m map[string]int
	for _, f := range []func(){
		func() { _ = index[3] },
		func() { *(*int)(nil) = 1 }, //nolint:govet // This is what is tested.
		func() { m["a"] = 1 },
		func() { panic(nil) }, //nolint:govet // And this.
	} {
		require.NotNil(t, recovered(func() {
			defer client.Recover(t.Context())
			f()
		}))
	}
	require.NoError(t, client.Flush(within(t)))
	var kinds []string
	for _, a := range srv.all() {
		kinds = append(kinds, a.attrs["exception.type"].(string))
		first, _, _ := strings.Cut(a.attrs["exception.stacktrace"].(string), "\n")
		assert.Regexp(t, `^at github\.com/ledger-sdk/ledger-go/ledger_test\.TestRecoverOfTheRuntimesOwnPanics\.func\d\(recover_test\.go:\d+\)$`, first, "no frame of the runtime")
	}
	assert.Equal(t, []string{"runtime.boundsError", "runtime.errorString", "runtime.plainError", "*runtime.PanicNilError"}, kinds)
}

func TestRecoverRecordsNothingWhereThereIsNoFault(t *testing.T) {
	client := open(t, config(t, newCollector(t).URL))
	assert.Nil(t, recovered(func() { defer client.Recover(t.Context()) }))
	got := recovered(func() {
		defer client.Recover(t.Context())
		panic(http.ErrAbortHandler)
	})
	assert.Same(t, http.ErrAbortHandler, got)

	ended, returned := make(chan struct{}), false
	go func() {
		defer close(ended)
		defer client.Recover(t.Context())
		runtime.Goexit()
		returned = true
	}()
	<-ended
	assert.False(t, returned)
	assert.Zero(t, balance(t, client).Accepted)
}

func TestRecoverWithoutAClientOnlyRaises(t *testing.T) {
	var client *ledger.Client
	assert.Nil(t, recovered(func() { defer client.Recover(t.Context()) }))
	assert.Equal(t, "boom", recovered(func() {
		defer client.Recover(t.Context())
		pay("boom")
	}))
	closed := open(t, config(t, newCollector(t).URL))
	require.NoError(t, closed.Close())
	assert.Equal(t, "boom", recovered(func() {
		defer closed.Recover(t.Context())
		pay("boom")
	}))
}

// nested panics below one Recover, passes between, and then the outer Recover.
func nested(outer, inner *ledger.Client, between func(), v any) any {
	return recovered(func() {
		defer outer.Recover(context.Background())
		func() {
			defer between()
			defer inner.Recover(context.Background())
			pay(v)
		}()
	})
}

func TestAPanicThatPassesTwoRecoversIsRecordedOnce(t *testing.T) {
	client := open(t, config(t, newCollector(t).URL))
	recorded := func() uint64 { return balance(t, client).Accepted }
	pass := func() {}
	assert.Equal(t, "boom", nested(client, client, pass, "boom"))
	assert.Equal(t, uint64(1), recorded())

	assert.Equal(t, "other", nested(client, client, func() {
		_ = recover()
		panic("other")
	}, "boom"))
	assert.Equal(t, uint64(3), recorded(), "another panic is another record")

	assert.Equal(t, "boom", nested(client, nil, pass, "boom"))
	assert.Equal(t, uint64(4), recorded(), "the inner one has no client")

	closed := open(t, config(t, newCollector(t).URL))
	require.NoError(t, closed.Close())
	assert.Equal(t, "boom", nested(client, closed, pass, "boom"))
	assert.Equal(t, uint64(5), recorded(), "the inner one could not record it")
}

// A panic may leave a lock behind that a hook waits for.
func TestRecoverDoesNotWaitForWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		cfg := config(t, "http://127.0.0.1:1")
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("no network here")
		})}
		cfg.BeforeSend = func(context.Context, *ledger.Record) bool { <-hang; return true }
		client := open(t, cfg)
		began := time.Now()
		assert.Equal(t, "boom", recovered(func() {
			defer client.Recover(t.Context())
			pay("boom")
		}))
		assert.Equal(t, 3*time.Second, time.Since(began))
		close(hang)
		synctest.Wait()
		require.NoError(t, client.Close())
	})
}

func TestWhatFailsWhileRecordingNeverHidesThePanic(t *testing.T) {
	srv := newCollector(t)
	cfg := config(t, srv.URL)
	cfg.BeforeSend = func(context.Context, *ledger.Record) bool { panic("hook") }
	client := open(t, cfg)
	for _, v := range []any{"boom", silent{}, ending{}} {
		assert.Equal(t, v, recovered(func() {
			defer client.Recover(nil) //nolint:staticcheck // A fault in fault handling is what this is about.
			pay(v)
		}))
	}
	assert.Equal(t, "boom", recovered(func() {
		defer client.Recover(broken{t.Context()})
		pay("boom")
	}))
	assert.Equal(t, uint64(2), balance(t, client).Accepted, "all but the one that ends its goroutine, and the one whose context is broken")
}

func TestGoPassesTheContextOn(t *testing.T) {
	srv := newCollector(t)
	client := open(t, config(t, srv.URL))
	ctx := ledger.ContextWithTrace(t.Context(), ledger.TraceContext{TraceID: [16]byte{1}, SpanID: [8]byte{2}})
	var all sync.WaitGroup
	all.Add(1)
	client.Go(ctx, func(ctx context.Context) {
		defer all.Done()
		client.Info(ctx, "in the background")
	})
	all.Wait()
	require.NoError(t, client.Flush(within(t)))
	require.Equal(t, []string{"in the background"}, srv.bodies(), "and nothing of a panic")
	assert.Equal(t, [16]byte{1}, srv.all()[0].record.TraceID)
}

const panicChildEnv = "LEDGER_TEST_PANIC_CHILD"

// TestPanicChild is the process that dies in the test below.
func TestPanicChild(t *testing.T) {
	what := os.Getenv(panicChildEnv)
	if what == "" {
		t.Skip("runs as a child only")
	}
	client, err := ledger.Open(ledger.Config{Dir: os.Getenv("LEDGER_TEST_DIR"), Endpoint: "http://127.0.0.1:1", RingBytes: 1 << 20})
	require.NoError(t, err)
	client.Info(t.Context(), "before")
	client.Go(t.Context(), func(context.Context) {
		defer client.Recover(t.Context()) // A second one on the way up changes nothing.
		if what == "abort" {
			panic(http.ErrAbortHandler)
		}
		pay(fmt.Errorf("pay: %w", os.ErrDeadlineExceeded))
	})
	select {}
}

func TestAPanicThatEndsTheProcessIsDeliveredByTheNext_W3(t *testing.T) {
	for what, kind := range map[string]string{"error": "*poll.DeadlineExceededError", "abort": "error"} {
		t.Run(what, func(t *testing.T) {
			srv := newCollector(t)
			cfg := config(t, srv.URL)
			cfg.RingBytes = 1 << 20
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanicChild$")
			cmd.Env = append(os.Environ(), panicChildEnv+"="+what, "LEDGER_TEST_DIR="+cfg.Dir)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", out)
			require.Equal(t, 2, exit.ExitCode(), "%s", out)
			assert.Contains(t, string(out), "panic: ", "as Go prints it")
			assert.Contains(t, string(out), "[recovered, repanicked]")
			assert.Contains(t, string(out), "ledger_test.TestPanicChild.func1", "with the stack of its origin")

			c := open(t, cfg)
			require.NoError(t, c.Flush(within(t)))
			all := srv.all()
			require.Len(t, all, 2, "%v", srv.bodies())
			assert.Equal(t, "before", all[0].body)
			assert.Equal(t, kind, all[1].attrs["exception.type"])
			assert.Equal(t, true, all[1].attrs["ledger.uncaught"])
			lines := strings.Split(all[1].attrs["exception.stacktrace"].(string), "\n")
			if what == "error" {
				assert.Contains(t, lines[0], "ledger_test.pay(recover_test.go:")
				lines = lines[1:]
			}
			assert.Len(t, lines, 1, "the goroutine began there: %v", lines)
			assert.Contains(t, lines[0], "ledger_test.TestPanicChild.func1(recover_test.go:")
			assert.Zero(t, balance(t, c).Pending)
		})
	}
}
