package ledgergrpc_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgergrpc "github.com/ledger-sdk/ledger-go/middleware/grpc"
)

var errBroken = errors.New("broken")

func breakDown(v any) { panic(v) }

// outside is an interceptor that recovers and tells what it got. Without one a panic
// would end the test's process, as it does a server's.
func outside(got chan<- any) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
			defer func() {
				got <- recover()
				err = status.Error(codes.Unknown, "outside")
			}()
			return next(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
			defer func() {
				got <- recover()
				err = status.Error(codes.Unknown, "outside")
			}()
			return next(srv, s)
		}),
	}
}

func TestAPanicIsRecordedAndRaisedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		value     any
		errorType string
	}{
		"error": {errBroken, "error"},
		"text":  {"boom", "*ledger.Panic"},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			got := make(chan any, 1)
			conn := serve(t, &service{
				unary: answer(func(context.Context) error { breakDown(tt.value); return nil }),
				bidi:  func(bidiServer) error { breakDown(tt.value); return nil },
			}, append(outside(got), recording(l)...))
			client := testpb.NewTestServiceClient(conn)

			_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
			require.ErrorContains(t, err, "outside")
			assert.Equal(t, tt.value, <-got, "the same value (M3)")
			s, err := client.FullDuplexCall(t.Context())
			require.NoError(t, err)
			_, err = s.Recv()
			require.ErrorContains(t, err, "outside")
			assert.Equal(t, tt.value, <-got)

			for _, r := range l.Wait(t, 2) {
				assert.Equal(t, ledger.TypeException, r.Type)
				assert.Equal(t, slog.LevelError, r.Level)
				assert.Equal(t, ledger.ImportanceHigh, r.Importance)
				assert.Equal(t, "INTERNAL", r.Values["rpc.status_code"])
				assert.EqualValues(t, 500, r.Values["http.response.status_code"])
				assert.Equal(t, tt.errorType, r.Values["error.type"])
				assert.Contains(t, string(r.Stack), "grpc_test.breakDown")
			}
		})
	}
}

func TestAPanicIsAnsweredIfAskedFor(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{
		unary: answer(func(context.Context) error { breakDown("the password is x"); return nil }),
		bidi:  func(bidiServer) error { breakDown("the password is x"); return nil },
	}, recording(l, ledgergrpc.WithRecover()))
	client := testpb.NewTestServiceClient(conn)
	_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	assert.Equal(t, status.Error(codes.Internal, "internal error").Error(), err.Error(), "nothing of the panic")
	s, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = s.Recv()
	assert.Equal(t, codes.Internal, status.Code(err))
	for _, r := range l.Wait(t, 2) {
		assert.Equal(t, ledger.TypeException, r.Type)
		assert.EqualError(t, r.Err, "the password is x")
	}
}

func TestAnAbortIsRaisedAgainWhateverWasAskedFor(t *testing.T) {
	l := recorded.Open(t)
	got := make(chan any, 1)
	conn := serve(t, &service{unary: answer(func(context.Context) error { panic(http.ErrAbortHandler) })},
		append(outside(got), recording(l, ledgergrpc.WithRecover())...))
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.ErrorContains(t, err, "outside")
	assert.Equal(t, http.ErrAbortHandler, <-got)
	r := l.One(t)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, "aborted", r.Values["error.type"])
	assert.Equal(t, "CANCELLED", r.Values["rpc.status_code"])
	assert.Equal(t, ledger.TypeEndpoint, r.Type)
	assert.Empty(t, r.Stack)
}

func TestAHandlerThatEndsItsGoroutineIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	intercept := ledgergrpc.UnaryServerInterceptor(l.Client)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = intercept(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: "/a.B/C"},
			func(context.Context, any) (any, error) { runtime.Goexit(); return nil, nil })
		assert.Fail(t, "Goexit was stopped")
	}()
	<-done
	assert.Equal(t, "aborted", l.One(t).Values["error.type"])
}
