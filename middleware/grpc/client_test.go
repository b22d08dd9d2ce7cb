package ledgergrpc_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgergrpc "github.com/ledger-sdk/ledger-go/middleware/grpc"
)

// dialing returns the options of a client that records all of its calls.
func dialing(l *recorded.Log, opts ...ledgergrpc.Option) []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(ledgergrpc.UnaryClientInterceptor(l.Client, opts...)),
		grpc.WithChainStreamInterceptor(ledgergrpc.StreamClientInterceptor(l.Client, opts...)),
	}
}

func TestOutgoingCallsAreRecorded(t *testing.T) {
	l := recorded.Open(t)
	var fail error
	conn := serve(t, &service{unary: answer(func(context.Context) error { return fail })}, nil, dialing(l)...)
	client := testpb.NewTestServiceClient(conn)
	_, err := client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.NoError(t, err)
	r := l.One(t)
	assert.Equal(t, unaryMethod+" OK", r.Message)
	assert.Equal(t, slog.LevelDebug, r.Level)
	assert.Equal(t, ledger.TypeCustom, r.Type, "it is no endpoint of this service")
	assert.Equal(t, "rpc.client.call", r.EventName)
	assert.Positive(t, r.Values["rpc.client.call.duration"])
	assert.Equal(t, "127.0.0.1", r.Values["server.address"])
	assert.Positive(t, r.Values["server.port"])
	assert.Equal(t, "127.0.0.1", r.Values["network.peer.address"])
	assert.NotContains(t, r.Values, "http.route")
	assert.NotContains(t, r.Values, "error.type")

	fail = status.Error(codes.NotFound, "no such cart")
	_, err = client.UnaryCall(t.Context(), &testpb.SimpleRequest{})
	require.Error(t, err)
	r = l.Wait(t, 2)[1]
	assert.Equal(t, "NOT_FOUND", r.Values["rpc.status_code"])
	assert.Equal(t, "NOT_FOUND", r.Values["error.type"], "to a caller every code but OK is an error")
	assert.Equal(t, "no such cart", r.Values["error.message"])
	assert.NoError(t, r.Err)
}

func TestAnUnreachableServerIsAWarning(t *testing.T) {
	l := recorded.Open(t)
	dial := append(dialing(l), grpc.WithTransportCredentials(insecure.NewCredentials()))
	for i, tt := range []struct{ target, address string }{
		{"127.0.0.1:1", "127.0.0.1"},
		{"passthrough:///127.0.0.1:1", "127.0.0.1"},
		{"unix:///nowhere/ledger.sock", "/nowhere/ledger.sock"},
		{"unix-abstract:ledger-nowhere", "unix-abstract:///ledger-nowhere"},
	} {
		conn, err := grpc.NewClient(tt.target, dial...)
		require.NoError(t, err)
		_, err = testpb.NewTestServiceClient(conn).UnaryCall(t.Context(), &testpb.SimpleRequest{})
		require.Equal(t, codes.Unavailable, status.Code(err), tt.target)
		require.NoError(t, conn.Close())
		r := l.Wait(t, i+1)[i]
		assert.Equal(t, slog.LevelWarn, r.Level)
		assert.Equal(t, tt.address, r.Values["server.address"])
		assert.Equal(t, "UNAVAILABLE", r.Values["error.type"])
	}
}

func TestAnOutgoingStreamIsOneRecordWhenItEnds(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{bidi: echo}, nil, dialing(l)...)
	client := testpb.NewTestServiceClient(conn)
	s, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	assert.Empty(t, l.All())
	talk(t, s, 2)
	r := l.One(t)
	assert.Equal(t, bidiMethod+" OK", r.Message)
	assert.EqualValues(t, 2, r.Values["ledger.rpc.messages_sent"])
	assert.EqualValues(t, 2, r.Values["ledger.rpc.messages_received"])

	ctx, cancel := context.WithCancel(t.Context())
	_, err = client.FullDuplexCall(ctx)
	require.NoError(t, err)
	cancel() // and nobody reads its end
	assert.Equal(t, "CANCELLED", l.Wait(t, 2)[1].Values["rpc.status_code"])

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.FullDuplexCall(ended)
	require.Error(t, err)
	assert.Equal(t, "CANCELLED", l.Wait(t, 3)[2].Values["rpc.status_code"], "one that did not start")
}

func TestOutgoingCallsThatAreTheLibrarysOwnAreNotRecorded(t *testing.T) {
	l := recorded.Open(t)
	conn := serve(t, &service{unary: answer(fine), bidi: echo}, nil, dialing(l)...)
	client := testpb.NewTestServiceClient(conn)
	_, err := client.UnaryCall(own.Mark(t.Context()), &testpb.SimpleRequest{})
	require.NoError(t, err)
	s, err := client.FullDuplexCall(own.Mark(t.Context()))
	require.NoError(t, err)
	require.NoError(t, s.CloseSend())
	_, err = s.Recv()
	require.ErrorIs(t, err, io.EOF)
	assert.Empty(t, l.All())
}

func TestAnOutgoingCallOfAHandlerBelongsToItsCall(t *testing.T) {
	l := recorded.Open(t)
	back := serve(t, &service{unary: answer(fine)}, nil, dialing(l)...)
	front := serve(t, &service{bidi: func(s bidiServer) error {
		_, err := testpb.NewTestServiceClient(back).UnaryCall(s.Context(), &testpb.SimpleRequest{})
		return err
	}}, recording(l))
	s, err := testpb.NewTestServiceClient(front).FullDuplexCall(t.Context())
	require.NoError(t, err)
	_, err = s.Recv()
	require.ErrorIs(t, err, io.EOF)
	records := l.Wait(t, 2)
	assert.Equal(t, unaryMethod, records[0].Values["rpc.method"], "its own, not that of the handler")
	assert.Equal(t, ledger.TypeCustom, records[0].Type)
	assert.Equal(t, bidiMethod, records[1].Values["rpc.method"])
}
