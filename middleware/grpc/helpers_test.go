package ledgergrpc_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	ledgergrpc "github.com/ledger-sdk/ledger-go/middleware/grpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	unaryMethod = "grpc.testing.TestService/UnaryCall"
	bidiMethod  = "grpc.testing.TestService/FullDuplexCall"
)

// service is what the tests serve: each test gives the methods that it calls.
type service struct {
	testpb.UnimplementedTestServiceServer
	unary func(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error)
	bidi  func(grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error
	out   func(*testpb.StreamingOutputCallRequest, grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error
	in    func(grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error
}

func (s *service) UnaryCall(ctx context.Context, r *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return s.unary(ctx, r)
}

func (s *service) FullDuplexCall(stream grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	return s.bidi(stream)
}

func (s *service) StreamingOutputCall(r *testpb.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
	return s.out(r, stream)
}

func (s *service) StreamingInputCall(stream grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error {
	return s.in(stream)
}

// recording returns the options of a server that records all of its calls.
func recording(l *recorded.Log, opts ...ledgergrpc.Option) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(ledgergrpc.UnaryServerInterceptor(l.Client, opts...)),
		grpc.ChainStreamInterceptor(ledgergrpc.StreamServerInterceptor(l.Client, opts...)),
	}
}

// serve serves s on loopback and returns a connection to it.
func serve(t *testing.T, s *service, server []grpc.ServerOption, client ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer(server...)
	testpb.RegisterTestServiceServer(srv, s)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(listener) }()
	t.Cleanup(func() {
		srv.Stop()
		require.NoError(t, <-done)
	})
	client = append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(listener.Addr().String(), client...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// call makes one unary call that the handler answers with h, and returns its record.
func call(ctx context.Context, t *testing.T, h func(context.Context) error, opts ...ledgergrpc.Option) (recorded.Record, error) {
	t.Helper()
	l := recorded.Open(t)
	conn := serve(t, &service{unary: answer(h)}, recording(l, opts...))
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(ctx, &testpb.SimpleRequest{})
	return l.One(t), err
}

// answer makes a handler of a function that only decides the error.
func answer(h func(context.Context) error) func(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return func(ctx context.Context, _ *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		if err := h(ctx); err != nil {
			return nil, err
		}
		return &testpb.SimpleResponse{}, nil
	}
}

func fine(context.Context) error { return nil }
