package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// finalWords bounds what recording a panic may take. Whatever hangs, be it the disk or
// a lock that the panic left locked, the process has to get to its end.
const finalWords = 3 * time.Second

// Panic is the error of a panic whose value is not an error.
type Panic struct {
	// Value is what was given to panic.
	Value any
}

// Error returns the text of the value.
func (p *Panic) Error() string { return fmt.Sprint(p.Value) }

// panicError returns the value of a panic as an error.
func panicError(v any) error {
	if err, ok := v.(error); ok {
		return err
	}
	return &Panic{Value: v}
}

// Recover records a panic, as an exception of [LevelCritical] with the stack of the
// panic and ledger.uncaught=true, makes the record durable, as [Client.Sync] does, and
// raises the same value again. It belongs at the top of main and of goroutines, where
// a panic ends the process:
//
//	defer client.Recover(ctx)
//
// The next process with the same directory delivers the record. Recording takes three
// seconds at most, even if the disk hangs, and ends with the panic in any case, also
// if a hook or the value itself panics. The record carries what ctx does; it does not
// matter whether ctx has ended.
//
// Nothing is recorded if there is no panic, for runtime.Goexit, for
// http.ErrAbortHandler, and for what another Recover, of any client, has recorded and
// raised. A nil Client only raises.
func (c *Client) Recover(ctx context.Context) {
	v := recover()
	if v == nil {
		return
	}
	// The abort is meant for the server, which ends the connection.
	if v == any(http.ErrAbortHandler) || !c.recordPanic(ctx, v) {
		raise(v)
	}
	panic(v) // From here, for wasRecorded.
}

func raise(v any) { panic(v) }

// Go runs f on a goroutine of its own, with [Client.Recover] at its top, except that
// http.ErrAbortHandler is recorded too: there is no server to understand it. ctx is
// passed on as it is.
//
// The goroutine is the caller's: [Client.Shutdown] and [Client.Close] neither end it
// nor wait for it.
//
//go:noinline
func (c *Client) Go(ctx context.Context, f func(context.Context)) {
	// Inlined, this function would be one of the caller's, and a frame of its stack.
	start(func() {
		defer c.recoverAny(ctx)
		f(ctx)
	})
}

// recoverAny has to be deferred itself: recover sees a panic nowhere else.
func (c *Client) recoverAny(ctx context.Context) {
	if v := recover(); v != nil {
		c.recordPanic(ctx, v)
		panic(v)
	}
}

// recordPanic logs and syncs, on another goroutine: code of the application runs here,
// and a panic, an end or a hang of it must not be those of the one that panics. It
// reports whether the panic has been recorded.
func (c *Client) recordPanic(ctx context.Context, v any) bool {
	var pcs [maxCarried]uintptr
	trace := pcs[:runtime.Callers(2, pcs[:])]
	if c == nil || wasRecorded(trace) {
		return c != nil
	}
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalWords)
	defer cancel()
	done := make(chan bool, 1)
	start(func() {
		logged := false
		defer func() {
			_ = recover()
			done <- logged
		}()
		err := panicError(v)
		failed := c.Log(ctx, Record{
			Level: LevelCritical, Message: "panic: " + errorText(err), Type: TypeException, Importance: ImportanceCritical,
			Err: err, Stack: []byte(pcStack(trace)), Attrs: []slog.Attr{slog.Bool("ledger.uncaught", true)},
		})
		logged = !errors.Is(failed, ErrClosed) && !errors.Is(failed, ErrTooLarge)
		_ = c.Sync(ctx)
	})
	select {
	case logged := <-done:
		return logged
	case <-ctx.Done():
		return false
	}
}

// wasRecorded reports whether the panic was raised by a Recover that had recorded it:
// the frame above that of the latest panic tells.
func wasRecorded(pcs []uintptr) bool {
	panicking := false
	for frames := runtime.CallersFrames(pcs); ; {
		f, more := frames.Next()
		if panicking {
			return strings.HasSuffix(f.Function, "/ledger.(*Client).Recover")
		}
		panicking = isPanic(f.Function)
		if !more {
			return false
		}
	}
}
