package ledgergrpc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
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

type (
	bidiServer = grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]
	bidiClient = grpc.BidiStreamingClient[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]
)

// echo answers every message with one.
func echo(s bidiServer) error {
	for {
		if _, err := s.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

// talk sends n messages, gets the answers and reads the end.
func talk(t *testing.T, s bidiClient, n int) {
	t.Helper()
	for range n {
		require.NoError(t, s.Send(&testpb.StreamingOutputCallRequest{}))
		_, err := s.Recv()
		require.NoError(t, err)
	}
	require.NoError(t, s.CloseSend())
	_, err := s.Recv()
	require.ErrorIs(t, err, io.EOF)
}

func TestAStreamIsOneRecordWithItsMessages(t *testing.T) {
	l := recorded.Open(t)
	s := &service{
		bidi: echo,
		out: func(_ *testpb.StreamingOutputCallRequest, s grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
			for range 4 {
				if err := s.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
					return err
				}
			}
			return status.Error(codes.DataLoss, "the rest is gone")
		},
		in: func(s grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error {
			for {
				if _, err := s.Recv(); errors.Is(err, io.EOF) {
					return s.SendAndClose(&testpb.StreamingInputCallResponse{})
				} else if err != nil {
					return err
				}
			}
		},
	}
	client := testpb.NewTestServiceClient(serve(t, s, recording(l)))

	both, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	talk(t, both, 3)
	r := l.One(t)
	assert.Equal(t, bidiMethod+" OK", r.Message)
	assert.Equal(t, "bidi_stream", r.Values["ledger.rpc.kind"])
	assert.EqualValues(t, 3, r.Values["ledger.rpc.messages_received"])
	assert.EqualValues(t, 3, r.Values["ledger.rpc.messages_sent"])

	out, err := client.StreamingOutputCall(t.Context(), &testpb.StreamingOutputCallRequest{})
	require.NoError(t, err)
	for err == nil {
		_, err = out.Recv()
	}
	require.Equal(t, codes.DataLoss, status.Code(err))
	r = l.Wait(t, 2)[1]
	assert.Equal(t, "server_stream", r.Values["ledger.rpc.kind"])
	assert.EqualValues(t, 1, r.Values["ledger.rpc.messages_received"])
	assert.EqualValues(t, 4, r.Values["ledger.rpc.messages_sent"])
	assert.Equal(t, "DATA_LOSS", r.Values["rpc.status_code"])
	assert.Equal(t, slog.LevelError, r.Level)

	in, err := client.StreamingInputCall(t.Context())
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, in.Send(&testpb.StreamingInputCallRequest{}))
	}
	_, err = in.CloseAndRecv()
	require.NoError(t, err)
	r = l.Wait(t, 3)[2]
	assert.Equal(t, "client_stream", r.Values["ledger.rpc.kind"])
	assert.EqualValues(t, 2, r.Values["ledger.rpc.messages_received"])
	assert.EqualValues(t, 1, r.Values["ledger.rpc.messages_sent"])
}

func TestAStreamThatItsClientLeavesIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{bidi: echo}, recording(l))
	ctx, cancel := context.WithCancel(t.Context())
	s, err := testpb.NewTestServiceClient(conn).FullDuplexCall(ctx)
	require.NoError(t, err)
	require.NoError(t, s.Send(&testpb.StreamingOutputCallRequest{}))
	_, err = s.Recv()
	require.NoError(t, err)
	cancel()
	r := l.One(t)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, "CANCELLED", r.Values["rpc.status_code"])
	assert.Equal(t, "client_closed_request", r.Values["error.type"])
	assert.EqualValues(t, 1, r.Values["ledger.rpc.messages_sent"])
}

func TestTheContextOfAStreamHasTheScope(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{bidi: func(s bidiServer) error {
		l.Client.Info(s.Context(), "inside")
		return nil
	}}, recording(l))
	s, err := testpb.NewTestServiceClient(conn).FullDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = s.Recv()
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, bidiMethod, l.Wait(t, 2)[0].Values["rpc.method"])
}

func TestAMethodThatTheServerDoesNotHaveIsNoMethod(t *testing.T) {
	l := recorded.Open(t)
	proxy := grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return status.Error(codes.Unimplemented, "not here") })
	conn := serve(t, &service{}, append(recording(l), proxy))
	err := conn.Invoke(t.Context(), "/scan.Of/Names", &testpb.SimpleRequest{}, &testpb.SimpleResponse{})
	require.Equal(t, codes.Unimplemented, status.Code(err))
	r := l.One(t)
	assert.Equal(t, "grpc UNIMPLEMENTED", r.Message)
	assert.Equal(t, "_OTHER", r.Values["rpc.method"])
	assert.Equal(t, "scan.Of/Names", r.Values["rpc.method_original"])
	assert.Equal(t, "/scan.Of/Names", r.Values["url.path"])
	assert.NotContains(t, r.Values, "http.route")
}

func TestManyCallsAtOnceAreARecordEach(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{unary: answer(fine), bidi: echo}, recording(l))
	client := testpb.NewTestServiceClient(conn)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
			assert.NoError(t, err)
		})
		wg.Go(func() {
			s, err := client.FullDuplexCall(t.Context())
			if assert.NoError(t, err) {
				assert.NoError(t, s.CloseSend())
				_, err = s.Recv()
				assert.ErrorIs(t, err, io.EOF)
			}
		})
	}
	wg.Wait()
	methods := map[any]int{}
	for _, r := range l.Wait(t, 80) {
		methods[r.Values["rpc.method"]]++
		assert.Equal(t, ledger.TypeEndpoint, r.Type)
	}
	assert.Equal(t, map[any]int{unaryMethod: 40, bidiMethod: 40}, methods)
}

func TestSkippedStreamsAreLeftAsTheyAre(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{bidi: func(s bidiServer) error {
		if ledger.ScopeFromContext(s.Context()) != nil {
			return errors.New("there is a scope")
		}
		return echo(s)
	}}, recording(l, ledgergrpc.WithSkip(func(context.Context, string) bool { return true })))
	s, err := testpb.NewTestServiceClient(conn).FullDuplexCall(t.Context())
	require.NoError(t, err)
	talk(t, s, 1)
	assert.Empty(t, l.All())
}
