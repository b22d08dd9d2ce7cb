package ledgergrpc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
	ledgergrpc "github.com/ledger-sdk/ledger-go/middleware/grpc"
)

func TestARecordHoldsTheCallByItsConventionalNames(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{unary: answer(fine)}, recording(l), grpc.WithUserAgent("shopper/1"))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "r-1", "authorization", "Bearer secret")
	before := time.Now()
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(ctx, &testpb.SimpleRequest{})
	require.NoError(t, err)

	r := l.One(t)
	assert.Equal(t, unaryMethod+" OK", r.Message)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, ledger.TypeEndpoint, r.Type)
	assert.Equal(t, "rpc.server.call", r.EventName)
	assert.NoError(t, r.Err)

	_, port, err := net.SplitHostPort(conn.Target())
	require.NoError(t, err)
	wantPort, err := strconv.ParseInt(port, 10, 64)
	require.NoError(t, err)
	seconds := r.Values["rpc.server.call.duration"].(float64)
	assert.Positive(t, seconds)
	assert.Less(t, seconds, time.Since(before).Seconds())
	assert.InDelta(t, seconds*1000, r.Values["ledger.duration_ms"], 1e-6)
	assert.Positive(t, r.Values["network.peer.port"])
	assert.True(t, strings.HasPrefix(r.Values["user_agent.original"].(string), "shopper/1 grpc-go/"))
	for _, k := range []string{"rpc.server.call.duration", "ledger.duration_ms", "network.peer.port", "user_agent.original"} {
		delete(r.Values, k)
	}
	assert.Equal(t, map[string]any{
		"rpc.system.name":           "grpc",
		"rpc.method":                unaryMethod,
		"rpc.status_code":           "OK",
		"http.request.method":       "POST",
		"http.route":                "/" + unaryMethod,
		"http.response.status_code": int64(200),
		"network.peer.address":      "127.0.0.1",
		"server.address":            "127.0.0.1",
		"server.port":               wantPort,
		"request.id":                "r-1",
		"ledger.rpc.kind":           "unary",
	}, r.Values, "and nothing else of the metadata (M9)")
}

func TestCodesAreNamedRatedAndMapped(t *testing.T) {
	tests := []struct {
		code  codes.Code
		name  string
		level slog.Level
		http  int
		fault bool
	}{
		{codes.Canceled, "CANCELLED", slog.LevelInfo, 499, false},
		{codes.Unknown, "UNKNOWN", slog.LevelError, 500, true},
		{codes.InvalidArgument, "INVALID_ARGUMENT", slog.LevelInfo, 400, false},
		{codes.DeadlineExceeded, "DEADLINE_EXCEEDED", slog.LevelWarn, 504, true},
		{codes.NotFound, "NOT_FOUND", slog.LevelInfo, 404, false},
		{codes.AlreadyExists, "ALREADY_EXISTS", slog.LevelInfo, 409, false},
		{codes.PermissionDenied, "PERMISSION_DENIED", slog.LevelWarn, 403, false},
		{codes.ResourceExhausted, "RESOURCE_EXHAUSTED", slog.LevelWarn, 429, false},
		{codes.FailedPrecondition, "FAILED_PRECONDITION", slog.LevelWarn, 400, false},
		{codes.Aborted, "ABORTED", slog.LevelWarn, 409, false},
		{codes.OutOfRange, "OUT_OF_RANGE", slog.LevelWarn, 400, false},
		{codes.Unimplemented, "UNIMPLEMENTED", slog.LevelError, 501, true},
		{codes.Internal, "INTERNAL", slog.LevelError, 500, true},
		{codes.Unavailable, "UNAVAILABLE", slog.LevelWarn, 503, true},
		{codes.DataLoss, "DATA_LOSS", slog.LevelError, 500, true},
		{codes.Unauthenticated, "UNAUTHENTICATED", slog.LevelInfo, 401, false},
		{codes.Code(99), "UNKNOWN", slog.LevelError, 500, true},
	}
	l := recorded.Open(t)
	next := codes.OK
	conn := serve(t, &service{unary: answer(func(context.Context) error { return status.Error(next, "why") })}, recording(l))
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			next = tt.code
			_, err := testpb.NewTestServiceClient(conn).UnaryCall(t.Context(), &testpb.SimpleRequest{})
			require.Equal(t, tt.code, status.Code(err))

			r := l.Wait(t, i+1)[i]
			assert.Equal(t, unaryMethod+" "+tt.name, r.Message)
			assert.Equal(t, tt.name, r.Values["rpc.status_code"])
			assert.Equal(t, tt.level, r.Level)
			assert.EqualValues(t, tt.http, r.Values["http.response.status_code"])
			if tt.fault {
				assert.Equal(t, tt.name, r.Values["error.type"])
				assert.Equal(t, tt.code, status.Code(r.Err))
				assert.NotContains(t, r.Values, "error.message", "it is in exception.message")
			} else {
				assert.NotContains(t, r.Values, "error.type")
				require.NoError(t, r.Err)
				assert.Equal(t, "why", r.Values["error.message"])
			}
		})
	}
}

func TestErrorsWithoutAStatusHaveTheCodeThatGRPCSends(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		code string
	}{
		"plain":            {errors.New("disk on fire"), "UNKNOWN"},
		"canceled":         {context.Canceled, "CANCELLED"},
		"wrapped deadline": {fmt.Errorf("query: %w", context.DeadlineExceeded), "DEADLINE_EXCEEDED"},
		"wrapped status":   {fmt.Errorf("find: %w", status.Error(codes.NotFound, "no")), "NOT_FOUND"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := call(t.Context(), t, func(context.Context) error { return tt.err })
			assert.Equal(t, tt.code, r.Values["rpc.status_code"])
			sent := status.Code(err)
			assert.Equal(t, tt.code, map[codes.Code]string{
				codes.Unknown: "UNKNOWN", codes.Canceled: "CANCELLED", codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND",
			}[sent])
		})
	}
}

func TestACallThatItsClientGaveUpIsInfo(t *testing.T) {
	for name, answer := range map[string]error{
		"by its own name":         context.Canceled,
		"blamed on the server":    status.Error(codes.Internal, "query: context canceled"),
		"answered all the same":   nil,
		"by way of another error": errors.New("read: context canceled"),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r, err := call(ctx, t, func(ctx context.Context) error {
				cancel()
				<-ctx.Done()
				return answer
			})
			require.Equal(t, codes.Canceled, status.Code(err))
			assert.Equal(t, slog.LevelInfo, r.Level)
			assert.Equal(t, "CANCELLED", r.Values["rpc.status_code"])
			assert.Equal(t, "client_closed_request", r.Values["error.type"])
			assert.EqualValues(t, 499, r.Values["http.response.status_code"])
			require.NoError(t, r.Err)
		})
	}
}

func TestACallWhoseTimeIsUpIsInfo(t *testing.T) {
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"by the server's timer": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, time.Now())
		},
		"by the client's cancel, which came first": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, 9*time.Millisecond)
			cancel()
			return ctx, cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			ctx, cancel := end(t.Context())
			defer cancel()
			_, err := ledgergrpc.UnaryServerInterceptor(l.Client)(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"},
				func(context.Context, any) (any, error) { return "answer", nil })
			require.NoError(t, err)
			r := l.One(t)
			assert.Equal(t, slog.LevelInfo, r.Level)
			assert.Equal(t, "a.B/C DEADLINE_EXCEEDED", r.Message)
			assert.Equal(t, "DEADLINE_EXCEEDED", r.Values["error.type"])
			assert.EqualValues(t, 504, r.Values["http.response.status_code"])
		})
	}
}

func TestWhatAHandlerLogsBelongsToItsCall(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{unary: answer(func(ctx context.Context) error {
		l.Client.Info(ctx, "inside")
		middleware.AddAttrs(ctx, slog.String("shop.cart", "c-1"))
		middleware.SetError(ctx, errors.New("stock: stale"))
		return nil
	})}, recording(l))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "r-1",
		"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(ctx, &testpb.SimpleRequest{})
	require.NoError(t, err)

	records := l.Wait(t, 2)
	inside, own := records[0], records[1]
	assert.Equal(t, unaryMethod, inside.Values["rpc.method"])
	assert.Equal(t, "r-1", inside.Values["request.id"])
	assert.Equal(t, "c-1", own.Values["shop.cart"])
	assert.Equal(t, slog.LevelWarn, own.Level, "a call with an error is a warning at least")
	require.EqualError(t, own.Err, "stock: stale")
	assert.Equal(t, ledger.TypeEndpoint, own.Type)
	for _, r := range records {
		assert.Equal(t, byte(0x0a), r.Trace.TraceID[0])
		assert.Equal(t, byte(0xb7), r.Trace.SpanID[0])
	}
}

func TestMetadataThatDoesNotFitIsNotRecorded(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{unary: answer(fine)}, recording(l))
	for i, pairs := range [][]string{
		{"x-request-id", "two words"},
		{"x-request-id", strings.Repeat("a", 129)},
		{"x-request-id", "a", "x-request-id", "b"},
		{"traceparent", "00-00000000000000000000000000000000-b7ad6b7169203331-01"},
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), pairs...)
		_, err := testpb.NewTestServiceClient(conn).UnaryCall(ctx, &testpb.SimpleRequest{})
		require.NoError(t, err)
		r := l.Wait(t, i+1)[i]
		assert.NotContains(t, r.Values, "request.id")
		assert.False(t, r.Trace.IsValid())
	}
}

func TestATraceThatIsThereAlreadyStays(t *testing.T) {
	l := recorded.Open(t)
	mine := ledger.TraceContext{TraceID: [16]byte{1}, SpanID: [8]byte{2}}
	tracing := grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		return next(ledger.ContextWithTrace(ctx, mine), req)
	})
	conn := serve(t, &service{unary: answer(fine)}, append([]grpc.ServerOption{tracing}, recording(l)...))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(ctx, &testpb.SimpleRequest{})
	require.NoError(t, err)
	assert.Equal(t, mine, l.One(t).Trace)
}

func TestAClosedClientDoesNotReachTheCall(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{unary: answer(fine)}, recording(l))
	require.NoError(t, l.Client.Close())
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.NoError(t, err)
}

func TestOptions(t *testing.T) {
	bad := func(context.Context) error { return status.Error(codes.Internal, "no") }
	for name, tt := range map[string]struct {
		opt     ledgergrpc.Option
		handler func(context.Context) error
		records int
		level   slog.Level
	}{
		"skipped":        {ledgergrpc.WithSkip(func(_ context.Context, m string) bool { return m == "/"+unaryMethod }), fine, 0, 0},
		"not skipped":    {ledgergrpc.WithSkip(func(_ context.Context, m string) bool { return m == unaryMethod }), fine, 1, slog.LevelInfo},
		"skip panics":    {ledgergrpc.WithSkip(func(context.Context, string) bool { panic("skip") }), fine, 1, slog.LevelInfo},
		"not kept":       {ledgergrpc.WithKeep(func(_ context.Context, c ledgergrpc.Call) bool { return c.Code != codes.OK }), fine, 0, 0},
		"kept":           {ledgergrpc.WithKeep(func(_ context.Context, c ledgergrpc.Call) bool { return c.Duration > 0 && c.Err == nil }), fine, 1, slog.LevelInfo},
		"errors stay":    {ledgergrpc.WithKeep(func(context.Context, ledgergrpc.Call) bool { return false }), bad, 1, slog.LevelError},
		"keep panics":    {ledgergrpc.WithKeep(func(context.Context, ledgergrpc.Call) bool { panic("keep") }), fine, 1, slog.LevelInfo},
		"level":          {ledgergrpc.WithLevel(func(codes.Code) slog.Level { return slog.LevelDebug }), fine, 1, slog.LevelDebug},
		"level by code":  {ledgergrpc.WithLevel(func(c codes.Code) slog.Level { return slog.Level(c) }), bad, 1, slog.Level(codes.Internal)},
		"level panics":   {ledgergrpc.WithLevel(func(codes.Code) slog.Level { panic("level") }), bad, 1, slog.LevelError},
		"nothing is set": {ledgergrpc.WithRecover(), fine, 1, slog.LevelInfo},
		"nil":            {nil, fine, 1, slog.LevelInfo},
		"nil skip":       {ledgergrpc.WithSkip(nil), fine, 1, slog.LevelInfo},
		"nil keep":       {ledgergrpc.WithKeep(nil), fine, 1, slog.LevelInfo},
		"nil level":      {ledgergrpc.WithLevel(nil), bad, 1, slog.LevelError},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			conn := serve(t, &service{unary: answer(tt.handler)}, recording(l, tt.opt))
			_, err := testpb.NewTestServiceClient(conn).UnaryCall(t.Context(), &testpb.SimpleRequest{})
			assert.Equal(t, status.Code(tt.handler(t.Context())), status.Code(err))
			for _, r := range l.Wait(t, tt.records) { // M8: it is there before the answer
				assert.Equal(t, tt.level, r.Level)
			}
		})
	}
}

func TestWithoutAClientNothingIsChanged(t *testing.T) {
	conn := serve(t, &service{unary: answer(func(ctx context.Context) error {
		if ledger.ScopeFromContext(ctx) != nil {
			return errors.New("there is a scope")
		}
		return nil
	})}, []grpc.ServerOption{
		grpc.UnaryInterceptor(ledgergrpc.UnaryServerInterceptor(nil)),
		grpc.StreamInterceptor(ledgergrpc.StreamServerInterceptor(nil)),
	}, grpc.WithUnaryInterceptor(ledgergrpc.UnaryClientInterceptor(nil)), grpc.WithStreamInterceptor(ledgergrpc.StreamClientInterceptor(nil)))
	client := testpb.NewTestServiceClient(conn)
	_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.NoError(t, err)
	stream, err := client.HalfDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = stream.Recv()
	assert.Equal(t, codes.Unimplemented, status.Code(err))
}
