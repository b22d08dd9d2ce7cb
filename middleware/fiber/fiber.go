package ledgerfiber

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/exchange"
	"github.com/ledger-sdk/ledger-go/middleware/internal/policy"
)

// New returns a middleware that records every request in c. It should be the first
// that the app uses. A nil client turns it off. The client stays the caller's, who shuts
// it down after the server.
func New(c *ledger.Client, opts ...Option) fiber.Handler {
	if c == nil {
		return func(f fiber.Ctx) error { return f.Next() }
	}
	cfg := new(config)
	for _, opt := range opts {
		if opt != nil {
			opt(cfg)
		}
	}
	return func(f fiber.Ctx) error {
		if exchange.FromContext(f.Context()) != nil {
			return f.Next() // there is a record of this request, made further out
		}
		if cfg.skip != nil && contained(func() bool { return cfg.skip(f) }, false) {
			return f.Next()
		}
		return serve(f, c, cfg)
	}
}

// serving is one request while it is served.
type serving struct {
	fiber.Ctx
	cfg    *config
	client *ledger.Client
	base   context.Context //nolint:containedctx // The request's, with the trace and without the scope.
	state  exchange.State
	facts  exchange.Facts
	start  time.Time
	back   bool // the handlers came back by themselves
}

// serve runs the rest of the chain and records the request.
func serve(f fiber.Ctx, c *ledger.Client, cfg *config) (err error) {
	x := &serving{Ctx: f, cfg: cfg, client: c, start: time.Now()}
	x.begin()
	defer func() {
		v := recover()
		again := v != nil && (!cfg.recovers || v == any(http.ErrAbortHandler))
		x.end(v)
		if v != nil && !again {
			x.answer(fiber.ErrInternalServerError)
		}
		if again {
			panic(v) // with the frames of the first panic still on the stack (M3)
		}
	}()
	err = f.Next()
	// If fiber's timeout has answered, a handler may still be running.
	if err != nil && !x.IsAbandoned() {
		x.answer(err)
		err = nil
	}
	x.back = true
	return err
}

// begin takes down what the request says of itself. All of it is copied: fasthttp will
// use the memory again, and handlers may change what is in it.
func (x *serving) begin() {
	r := x.RequestCtx()
	x.facts = requestFacts(r, x.Method())
	if x.cfg.query != nil {
		x.facts.Query = x.cfg.query.Redact(string(r.URI().QueryString()))
	}
	if x.cfg.client != nil {
		x.facts.Client = string([]byte(contained(func() string { return x.cfg.client(x.Ctx) }, "")))
	}
	x.base = x.Context()
	if _, ok := ledger.TraceFromContext(x.base); !ok {
		if tc, ok := ledger.ParseTraceparent(one(&r.Request.Header, "Traceparent")); ok {
			x.base = ledger.ContextWithTrace(x.base, tc)
		}
	}
	x.state.Borrowed = true
	x.SetContext(x.state.Enter(x.base, x.facts.Method, x.facts.RequestID))
}

// answer lets the app answer an error, and says what the record has to say of it.
func (x *serving) answer(err error) {
	if x.App().ErrorHandler(x.Ctx, err) != nil {
		_ = x.SendStatus(fiber.StatusInternalServerError) // what fiber does
	}
	switch {
	case x.state.Reason() != nil: // a handler named another
	case x.Response().StatusCode() >= fiber.StatusInternalServerError:
		x.state.SetError(err)
	default:
		// What the client did wrong is no exception of this server's.
		x.facts.Extra = append(x.facts.Extra, slog.String("error.message", otlp.ErrorText(err)))
	}
}

// end makes the record. v is the value of a panic.
func (x *serving) end(v any) {
	f := &x.facts
	f.End = time.Now()
	f.Duration = f.End.Sub(x.start)
	switch {
	case v == nil && !x.back, v == any(http.ErrAbortHandler):
		f.Ending = exchange.Aborted
	case v != nil:
		f.Ending, f.Panic, f.Stack = exchange.Panicked, exchange.PanicError(v), debug.Stack()
	default:
		x.answered()
	}
	f.Route = x.state.Route()
	if f.Route == "" && x.Matched() {
		f.Route = x.FullPath()
	}
	f.Err, f.Scope = x.state.Reason(), x.state.Attrs()
	f.Settle()
	if x.cfg.level != nil && f.Ending != exchange.Panicked {
		f.Level = contained(func() slog.Level { return x.cfg.level(x.Ctx, f.Status) }, f.Level)
	}
	if x.kept() {
		f.Log(context.WithoutCancel(x.base), x.client)
	}
}

func (x *serving) kept() bool {
	f := &x.facts
	if x.cfg.keep == nil || f.Ending == exchange.Panicked || f.Status >= fiber.StatusInternalServerError || f.Err != nil {
		return true
	}
	return contained(func() bool { return x.cfg.keep(x.Ctx, f.Status, f.Duration) }, true)
}

// answered takes down what fasthttp is about to send.
func (x *serving) answered() {
	f, r := &x.facts, x.RequestCtx()
	resp := r.LastTimeoutErrorResponse() // a handler may still be writing to the other one
	if resp == nil {
		resp = &r.Response
	}
	f.Status = resp.StatusCode()
	f.Hijacked = r.Hijacked()
	f.ResponseSize = bodySize(resp.IsBodyStream(), resp.Header.ContentLength(), resp.Body)
	if f.RequestID == "" {
		if id := string(resp.Header.Peek(requestIDHeader)); policy.ValidID(id) {
			f.RequestID = id
		}
	}
}

// bodySize returns the size of a body that was read or is to be sent, -1 for a stream
// that did not declare it. To ask a stream for its body would be to read it.
func bodySize(stream bool, declared int, body func() []byte) int64 {
	switch {
	case !stream:
		return int64(len(body()))
	case declared >= 0:
		return int64(declared)
	}
	return -1
}

// one returns the value of a header. One that was sent twice is nobody's clear word.
func one(h *fasthttp.RequestHeader, key string) string {
	if v := h.PeekAll(key); len(v) == 1 {
		return string(v[0])
	}
	return ""
}
