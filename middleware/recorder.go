package middleware

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
)

// Recorder records requests one by one. It is what [New] is made of, for frameworks
// whose chain is not one of http.Handlers:
//
//	recorder.Serve(w, r, func(w http.ResponseWriter, r *http.Request) {
//		// Hand w and r to the framework, and go on with its chain.
//	})
//
// It is safe for concurrent use.
type Recorder struct {
	log exchange.Logger // nil if nothing is recorded
	cfg config
}

// NewRecorder returns a recorder with the options of [New]. With a nil client it
// records nothing.
func NewRecorder(c *ledger.Client, opts ...Option) *Recorder {
	if c == nil {
		return newRecorder(nil, opts...)
	}
	return newRecorder(c, opts...)
}

func newRecorder(log exchange.Logger, opts ...Option) *Recorder {
	return &Recorder{log: log, cfg: newConfig(opts)}
}

// Wrap returns a handler that serves with next and records. If nothing is recorded it
// returns next itself.
func (rec *Recorder) Wrap(next http.Handler) http.Handler {
	if rec.log == nil {
		return next
	}
	return &handler{rec: rec, next: next.ServeHTTP}
}

// handler is one wrapped http.Handler.
type handler struct {
	rec  *Recorder
	next http.HandlerFunc
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.rec.Serve(w, r, h.next) }

// Serve calls next once, on this goroutine, and records the request when next is
// done. next must use the writer and the request that it is given: what it sends
// through others is not seen. A panic of next is recorded and raised again, unless
// [WithRecover] says otherwise.
func (rec *Recorder) Serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	if rec.log == nil || rec.skips(r) {
		next(w, r)
		return
	}
	x := rec.begin(w, r)
	defer rec.end(x)
	next(x.response.wrap(w), x.inner)
	x.returned = true
}

func (rec *Recorder) skips(r *http.Request) bool {
	c := &rec.cfg
	if c.skip == nil || !contained(c, false, func() bool { return c.skip(r) }) {
		return false
	}
	c.counts.skipped.Add(1)
	return true
}

// end runs when the handler is done, in whatever way. The panic is raised again from
// within the deferred call: the frames of the first panic are still on the stack,
// and an outer recover finds them there (M3).
func (rec *Recorder) end(x *serving) {
	v := recover()
	x.timer.stop()
	raise := v
	var stack []byte
	if v != nil && v != any(http.ErrAbortHandler) {
		stack = debug.Stack()
		if rec.cfg.recovers {
			raise = x.answer()
		}
	}
	rec.record(x, v, stack)
	if raise != nil {
		panic(raise)
	}
}

// record makes the record of an exchange and logs it. v is the value of a panic.
func (rec *Recorder) record(x *serving, v any, stack []byte) {
	took := time.Since(x.start)
	x.giveBack()
	f := rec.cfg.facts(x, v)
	f.End, f.Duration = endOf(x.start, took), took
	if f.Ending == exchange.Panicked {
		f.Panic, f.Stack = exchange.PanicError(v), stack
	}
	f.Settle()
	if !rec.chosen(x, &f) {
		return
	}
	if c := &rec.cfg; c.level != nil && f.Ending != exchange.Panicked {
		f.Level = contained(c, f.Level, func() slog.Level { return c.level(x.inner, f.Status) })
	}
	f.Log(&x.record, rec.log)
}

// endOf returns the time on the clock when something ended that began at start and
// took so long. For what is short it is calculated, which saves reading the clock; for
// what is long it is read, because the clock may have been set, or the machine asleep.
func endOf(start time.Time, took time.Duration) time.Time {
	if took < time.Second {
		return start.Add(took)
	}
	return time.Now()
}
