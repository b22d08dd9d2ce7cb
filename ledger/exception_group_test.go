package ledger_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// The server's group of an exception: its type, and the files and lines of the first
// three frames that this finds.
var serverFrame = regexp.MustCompile(`at .+\(([^:]+):(\d+)\)`)

func groupOf(a arrival) []string {
	text, _ := a.attrs["exception.stacktrace"].(string)
	group := []string{a.attrs["exception.type"].(string)}
	for _, m := range serverFrame.FindAllStringSubmatch(text, 3) {
		group = append(group, m[1]+":"+m[2])
	}
	return group
}

// declined is an error that knows where it was made.
type declined struct{ pcs []uintptr }

func (declined) Error() string        { return "declined" }
func (e declined) Callers() []uintptr { return e.pcs }

// charge is the bug: on one line it panics, on another it makes an error that carries
// its stack, on a third one that does not.
//
//go:noinline
func charge(how string) error {
	switch how {
	case "panic":
		panic(declined{})
	case "carried":
		pcs := make([]uintptr, 32)
		return declined{pcs[:runtime.Callers(1, pcs)]}
	}
	return errors.New("declined")
}

//go:noinline
func checkout(how string) error { return charge(how) }

//go:noinline
func handle(how string, report func(error)) { report(checkout(how)) }

func TestOneBugIsOneGroupHoweverItIsReported(t *testing.T) {
	srv := newCollector(t)
	client := open(t, config(t, srv.URL))
	logger := slog.New(client.Handler(nil))
	ctx := t.Context()

	exception := func(err error) { client.Exception(ctx, err) }
	throughSlog := func(err error) { logger.ErrorContext(ctx, "failed", "error", err) }
	throughLog := func(err error) { _ = client.Log(ctx, ledger.Record{Err: err}) }
	likeMiddleware := func(f func()) {
		defer func() {
			if v, ok := recover().(error); ok {
				_ = client.Log(ctx, ledger.Record{Message: "GET /pay 500", Type: ledger.TypeException, Err: v, Stack: debug.Stack()})
			}
		}()
		f()
	}
	withRecover := func(f func()) {
		defer func() { _ = recover() }()
		defer client.Recover(ctx)
		f()
	}
	groups := func(run ...func()) (all [][]string) {
		before := len(srv.all())
		for _, f := range run {
			f()
		}
		require.NoError(t, client.Flush(within(t)))
		for _, a := range srv.all()[before:] {
			all = append(all, groupOf(a))
		}
		require.Len(t, all, len(run))
		return all
	}

	carried := groups(
		func() { handle("carried", exception) },
		func() { handle("carried", throughSlog) },
		func() { handle("carried", throughLog) },
		func() { handle("carried", func(err error) { exception(errors.Join(errors.New("pay"), err)) }) },
	)
	require.Len(t, carried[0], 4)
	for _, g := range carried {
		assert.Equal(t, carried[0], g, "an error that carries its stack is grouped by that")
	}

	panicked := groups(
		func() { likeMiddleware(func() { handle("panic", nil) }) },
		func() { withRecover(func() { handle("panic", nil) }) },
		func() { withRecover(func() { withRecover(func() {}); handle("panic", nil) }) },
	)
	require.Len(t, panicked[0], 4)
	for _, g := range panicked {
		assert.Equal(t, panicked[0], g, "a panic is grouped by where it was raised")
	}
	assert.Equal(t, carried[0][2:], panicked[0][2:], "and its callers are the same")
	assert.NotEqual(t, carried[0][1], panicked[0][1], "on another line")

	plain := groups(
		func() { handle("plain", exception) },
		func() { handle("plain", throughSlog) },
		func() { handle("plain", throughLog) },
	)
	assert.Len(t, plain[0], 4, "Exception: where it was called, and by whom")
	assert.Len(t, plain[1], 2, "slog: the place of the log call")
	assert.Equal(t, []string{"error"}, plain[2], "a record without a stack: no frame")
}

// What is printed of the stack of the caller of Exception begins with the caller.
func TestExceptionHasTheStackOfItsCaller(t *testing.T) {
	srv := newCollector(t)
	client := open(t, config(t, srv.URL))
	client.Exception(context.Background(), nil)
	handle("plain", func(err error) { client.Exception(t.Context(), err, slog.String("k", "v")) })
	client.Exception(t.Context(), errors.New(""))
	require.NoError(t, client.Flush(within(t)))
	all := srv.all()
	require.Len(t, all, 2, "none for nil")
	lines := strings.Split(all[0].attrs["exception.stacktrace"].(string), "\n")
	assert.Contains(t, lines[0], "ledger_test.TestExceptionHasTheStackOfItsCaller.func1(exception_group_test.go:")
	assert.Contains(t, lines[1], "ledger_test.handle(exception_group_test.go:")
	assert.Equal(t, "v", all[0].attrs["k"])
	assert.Equal(t, "declined", all[0].body)
	assert.Equal(t, "error", all[1].attrs["exception.message"], "never empty")
	assert.NotEmpty(t, all[1].body)
}
