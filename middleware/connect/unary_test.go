package ledgerconnect_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
	ledgerconnect "github.com/ledger-sdk/ledger-go/middleware/connect"
)

func TestARecordHoldsTheCallByItsConventionalNames(t *testing.T) {
	for protocol, opts := range protocols() {
		t.Run(protocol, func(t *testing.T) {
			l := recorded.Open(t)
			s := serveUnary(t, fine, recording(l))
			req := connect.NewRequest(wrapperspb.String("apple"))
			req.Header().Set("X-Request-Id", "r-1")
			req.Header().Set("Authorization", "Bearer secret")
			before := time.Now()
			_, err := client(s, unary, opts...).CallUnary(t.Context(), req)
			require.NoError(t, err)

			r := l.One(t)
			assert.Equal(t, "shop.v1.Cart/Add ok", r.Message)
			assert.Equal(t, slog.LevelInfo, r.Level)
			assert.Equal(t, ledger.TypeEndpoint, r.Type)
			assert.Equal(t, "rpc.server.call", r.EventName)
			seconds := r.Values["rpc.server.call.duration"].(float64)
			assert.Positive(t, seconds)
			assert.Less(t, seconds, time.Since(before).Seconds())
			assert.InDelta(t, seconds*1000, r.Values["ledger.duration_ms"], 1e-6)
			assert.Positive(t, r.Values["network.peer.port"])
			assert.Positive(t, r.Values["server.port"])
			assert.Regexp(t, `go-connect|connect-go`, r.Values["user_agent.original"])
			for _, k := range []string{"rpc.server.call.duration", "ledger.duration_ms", "network.peer.port", "server.port", "user_agent.original"} {
				delete(r.Values, k)
			}
			assert.Equal(t, map[string]any{
				"rpc.system.name":           "connectrpc",
				"rpc.method":                "shop.v1.Cart/Add",
				"rpc.status_code":           "ok",
				"http.request.method":       "POST",
				"http.route":                unary,
				"http.response.status_code": int64(200),
				"network.peer.address":      "127.0.0.1",
				"server.address":            "127.0.0.1",
				"request.id":                "r-1",
				"ledger.rpc.kind":           "unary",
				"ledger.rpc.protocol":       protocol,
			}, r.Values, "and nothing else of the headers (M9)")
		})
	}
}

func TestTheCodeIsTheOneThatTheClientGets(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		code  connect.Code
		level slog.Level
		http  int
		fault bool
	}{
		"not found":        {connect.NewError(connect.CodeNotFound, errors.New("why")), connect.CodeNotFound, slog.LevelInfo, 404, false},
		"permission":       {connect.NewError(connect.CodePermissionDenied, errors.New("why")), connect.CodePermissionDenied, slog.LevelWarn, 403, false},
		"internal":         {connect.NewError(connect.CodeInternal, errors.New("why")), connect.CodeInternal, slog.LevelError, 500, true},
		"wrapped":          {fmt.Errorf("find: %w", connect.NewError(connect.CodeUnavailable, errors.New("why"))), connect.CodeUnavailable, slog.LevelWarn, 503, true},
		"plain":            {errors.New("why"), connect.CodeUnknown, slog.LevelError, 500, true},
		"canceled":         {fmt.Errorf("query: %w", context.Canceled), connect.CodeCanceled, slog.LevelInfo, 499, false},
		"deadline":         {context.DeadlineExceeded, connect.CodeDeadlineExceeded, slog.LevelWarn, 504, true},
		"resource by type": {connect.NewError(connect.CodeResourceExhausted, errors.New("why")), connect.CodeResourceExhausted, slog.LevelWarn, 429, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			s := serveUnary(t, func(context.Context) error { return tt.err }, recording(l))
			err := add(t.Context(), s)
			require.Equal(t, tt.code, connect.CodeOf(err))
			r := l.One(t)
			assert.Equal(t, tt.code.String(), r.Values["rpc.status_code"])
			assert.Equal(t, tt.level, r.Level)
			assert.EqualValues(t, tt.http, r.Values["http.response.status_code"])
			if tt.fault {
				assert.Equal(t, tt.code.String(), r.Values["error.type"])
				assert.ErrorIs(t, r.Err, tt.err)
			} else {
				assert.NotContains(t, r.Values, "error.type")
				require.NoError(t, r.Err)
				assert.Contains(t, r.Values, "error.message")
			}
		})
	}
}

func TestAGetThatIsNotModifiedDidNotFail(t *testing.T) {
	l := recorded.Open(t)
	s := serveUnary(t, func(context.Context) error { return connect.NewNotModifiedError(http.Header{}) },
		recording(l), connect.WithIdempotency(connect.IdempotencyNoSideEffects))
	err := add(t.Context(), s, connect.WithHTTPGet(), connect.WithIdempotency(connect.IdempotencyNoSideEffects))
	require.True(t, connect.IsNotModifiedError(err))
	r := l.One(t)
	assert.Equal(t, "shop.v1.Cart/Add ok", r.Message)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, "GET", r.Values["http.request.method"])
	assert.NotContains(t, r.Values, "error.message")
	assert.NoError(t, r.Err)
}

func TestACallThatItsClientGaveUpIsInfo(t *testing.T) {
	l := recorded.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := serveUnary(t, func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return connect.NewError(connect.CodeInternal, ctx.Err())
	}, recording(l))
	require.Equal(t, connect.CodeCanceled, connect.CodeOf(add(ctx, s)))
	r := l.One(t)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, "canceled", r.Values["rpc.status_code"])
	assert.Equal(t, "client_closed_request", r.Values["error.type"])
	assert.NoError(t, r.Err)
}

func TestWhatAHandlerLogsBelongsToItsCall(t *testing.T) {
	l := recorded.Open(t)
	s := serveUnary(t, func(ctx context.Context) error {
		l.Client.Info(ctx, "inside")
		middleware.AddAttrs(ctx, slog.String("shop.cart", "c-1"))
		middleware.SetError(ctx, errors.New("stock: stale"))
		return nil
	}, recording(l))
	req := connect.NewRequest(wrapperspb.String("apple"))
	req.Header().Set("X-Request-Id", "r-1")
	req.Header().Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	_, err := client(s, unary).CallUnary(t.Context(), req)
	require.NoError(t, err)
	records := l.Wait(t, 2)
	assert.Equal(t, "shop.v1.Cart/Add", records[0].Values["rpc.method"])
	assert.Equal(t, "r-1", records[0].Values["request.id"])
	assert.Equal(t, "c-1", records[1].Values["shop.cart"])
	assert.Equal(t, slog.LevelWarn, records[1].Level)
	require.EqualError(t, records[1].Err, "stock: stale")
	for _, r := range records {
		assert.Equal(t, byte(0x0a), r.Trace.TraceID[0])
	}
}

func TestTheMiddlewareOutsideGetsTheProcedureAndTheAttributes(t *testing.T) {
	l := recorded.Open(t)
	h := connect.NewUnaryHandler(unary, func(ctx context.Context, r *connect.Request[text]) (*connect.Response[text], error) {
		middleware.AddAttrs(ctx, slog.String("shop.cart", "c-1"))
		return connect.NewResponse(r.Msg), nil
	}, recording(l))
	require.NoError(t, add(t.Context(), serve(t, middleware.New(l.Client)(h))))
	records := l.Wait(t, 2)
	assert.Equal(t, "shop.v1.Cart/Add ok", records[0].Message)
	assert.Equal(t, "POST "+unary+" 200", records[1].Message)
	for _, r := range records {
		assert.Equal(t, "c-1", r.Values["shop.cart"])
		assert.Equal(t, unary, r.Values["http.route"])
	}
}

func TestAPanicIsRecordedAndRaisedAgain(t *testing.T) {
	errBroken := errors.New("broken")
	for name, tt := range map[string]struct {
		value, recovered any
		typ              ledger.Type
		level            slog.Level
		code, errorType  string
	}{
		"error": {errBroken, errBroken, ledger.TypeException, slog.LevelError, "internal", "error"},
		"text":  {"boom", "boom", ledger.TypeException, slog.LevelError, "internal", "*ledger.Panic"},
		// connect's own recovery raises it again, and net/http takes it.
		"abort": {http.ErrAbortHandler, nil, ledger.TypeEndpoint, slog.LevelInfo, "canceled", "aborted"},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			var recovered any
			outside := connect.WithRecover(func(_ context.Context, _ connect.Spec, _ http.Header, v any) error {
				recovered = v
				return connect.NewError(connect.CodeDataLoss, errors.New("outside"))
			})
			s := serveUnary(t, func(context.Context) error { panic(tt.value) }, outside, recording(l))
			err := add(t.Context(), s)
			require.Error(t, err)
			assert.Equal(t, tt.recovered, recovered, "the same value (M3)")
			assert.Equal(t, tt.recovered != nil, connect.CodeOf(err) == connect.CodeDataLoss)
			r := l.One(t)
			assert.Equal(t, tt.typ, r.Type)
			assert.Equal(t, tt.level, r.Level)
			assert.Equal(t, tt.code, r.Values["rpc.status_code"])
			assert.Equal(t, tt.errorType, r.Values["error.type"])
			assert.Equal(t, tt.typ == ledger.TypeException, len(r.Stack) > 0)
		})
	}
}

func TestAPanicIsAnsweredIfAskedFor(t *testing.T) {
	l := recorded.Open(t)
	s := serveUnary(t, func(context.Context) error { panic("the password is x") }, recording(l, ledgerconnect.WithRecover()))
	err := add(t.Context(), s)
	assert.EqualError(t, err, "internal: internal error", "nothing of the panic")
	assert.EqualError(t, l.One(t).Err, "the password is x")

	l = recorded.Open(t)
	s = serveUnary(t, func(context.Context) error { panic(http.ErrAbortHandler) }, recording(l, ledgerconnect.WithRecover()))
	err = add(t.Context(), s)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "internal error", "nobody answers")
	assert.Equal(t, "aborted", l.One(t).Values["error.type"])
}

func TestAHandlerThatEndsItsGoroutineIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	s := serveUnary(t, func(context.Context) error { runtime.Goexit(); return nil }, recording(l))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- add(ctx, s) }()
	assert.Equal(t, "aborted", l.One(t).Values["error.type"])
	cancel() // nobody answers
	require.Error(t, <-done)
}

func TestOptions(t *testing.T) {
	bad := func(context.Context) error { return connect.NewError(connect.CodeInternal, errors.New("no")) }
	for name, tt := range map[string]struct {
		opt     ledgerconnect.Option
		handler func(context.Context) error
		records int
		level   slog.Level
	}{
		"skipped":       {ledgerconnect.WithSkip(func(_ context.Context, p string) bool { return p == unary }), fine, 0, 0},
		"skip panics":   {ledgerconnect.WithSkip(func(context.Context, string) bool { panic("skip") }), fine, 1, slog.LevelInfo},
		"not kept":      {ledgerconnect.WithKeep(func(_ context.Context, c ledgerconnect.Call) bool { return c.Code != 0 }), fine, 0, 0},
		"kept":          {ledgerconnect.WithKeep(func(_ context.Context, c ledgerconnect.Call) bool { return c.Duration > 0 && c.Err == nil }), fine, 1, slog.LevelInfo},
		"errors stay":   {ledgerconnect.WithKeep(func(context.Context, ledgerconnect.Call) bool { return false }), bad, 1, slog.LevelError},
		"level by code": {ledgerconnect.WithLevel(func(c connect.Code) slog.Level { return slog.Level(c) }), bad, 1, slog.Level(connect.CodeInternal)},
		"level panics":  {ledgerconnect.WithLevel(func(connect.Code) slog.Level { panic("level") }), bad, 1, slog.LevelError},
		"nil":           {nil, fine, 1, slog.LevelInfo},
		"nil skip":      {ledgerconnect.WithSkip(nil), fine, 1, slog.LevelInfo},
		"nil keep":      {ledgerconnect.WithKeep(nil), fine, 1, slog.LevelInfo},
		"nil level":     {ledgerconnect.WithLevel(nil), bad, 1, slog.LevelError},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			s := serveUnary(t, tt.handler, recording(l, tt.opt))
			err := add(t.Context(), s)
			assert.Equal(t, tt.handler(t.Context()) == nil, err == nil)
			for _, r := range l.Wait(t, tt.records) { // M8: it is there before the answer
				assert.Equal(t, tt.level, r.Level)
			}
		})
	}
}

func TestWithoutAClientNothingIsChanged(t *testing.T) {
	off := connect.WithInterceptors(ledgerconnect.NewInterceptor(nil))
	s := serveUnary(t, func(ctx context.Context) error {
		if ledger.ScopeFromContext(ctx) != nil {
			return errors.New("there is a scope")
		}
		return nil
	}, off)
	require.NoError(t, add(t.Context(), s, off))
}
