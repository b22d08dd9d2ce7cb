package ledgerconnect_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func echo(_ context.Context, s *connect.BidiStream[text, text]) error {
	for {
		m, err := s.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.Send(m); err != nil {
			return err
		}
	}
}

// talk sends n messages, gets the answers and reads the end.
func talk(t *testing.T, s *connect.BidiStreamForClient[text, text], n int) {
	t.Helper()
	for range n {
		require.NoError(t, s.Send(wrapperspb.String("m")))
		_, err := s.Receive()
		require.NoError(t, err)
	}
	require.NoError(t, s.CloseRequest())
	_, err := s.Receive()
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, s.CloseResponse())
}

func TestAStreamIsOneRecordOnEachSide(t *testing.T) {
	for protocol, opts := range protocols() {
		t.Run(protocol, func(t *testing.T) {
			l, mine := recorded.Open(t), recorded.Open(t)
			s := serve(t, connect.NewBidiStreamHandler(bidi, echo, recording(l)))
			talk(t, client(s, bidi, append(opts, recording(mine))...).CallBidiStream(t.Context()), 3)
			for _, side := range []*recorded.Log{l, mine} {
				r := side.One(t)
				assert.Equal(t, "shop.v1.Cart/Talk ok", r.Message)
				assert.Equal(t, "bidi_stream", r.Values["ledger.rpc.kind"])
				assert.Equal(t, protocol, r.Values["ledger.rpc.protocol"])
				assert.EqualValues(t, 3, r.Values["ledger.rpc.messages_sent"])
				assert.EqualValues(t, 3, r.Values["ledger.rpc.messages_received"])
			}
			assert.Equal(t, ledger.TypeCustom, mine.One(t).Type)
			assert.Equal(t, "rpc.client.call", mine.One(t).EventName)
		})
	}
}

func TestStreamsInOneDirection(t *testing.T) {
	l, mine := recorded.Open(t), recorded.Open(t)
	s := serve(t, connect.NewServerStreamHandler(out, func(_ context.Context, _ *connect.Request[text], s *connect.ServerStream[text]) error {
		for range 4 {
			if err := s.Send(wrapperspb.String("m")); err != nil {
				return err
			}
		}
		return connect.NewError(connect.CodeDataLoss, errors.New("the rest is gone"))
	}, recording(l)))
	watch, err := client(s, out, recording(mine)).CallServerStream(t.Context(), connect.NewRequest(wrapperspb.String("m")))
	require.NoError(t, err)
	for watch.Receive() {
	}
	require.Equal(t, connect.CodeDataLoss, connect.CodeOf(watch.Err()))
	require.NoError(t, watch.Close())
	for side, r := range map[string]recorded.Record{"server": l.One(t), "client": mine.One(t)} {
		assert.Equal(t, "server_stream", r.Values["ledger.rpc.kind"], side)
		assert.Equal(t, "data_loss", r.Values["error.type"], side)
	}
	assert.EqualValues(t, 4, l.One(t).Values["ledger.rpc.messages_sent"])
	assert.EqualValues(t, 4, mine.One(t).Values["ledger.rpc.messages_received"])
	assert.Equal(t, slog.LevelError, l.One(t).Level)
	assert.Equal(t, slog.LevelWarn, mine.One(t).Level)

	l, mine = recorded.Open(t), recorded.Open(t)
	s = serve(t, connect.NewClientStreamHandler(in, func(_ context.Context, s *connect.ClientStream[text]) (*connect.Response[text], error) {
		for s.Receive() {
		}
		return connect.NewResponse(wrapperspb.String("full")), s.Err()
	}, recording(l)))
	fill := client(s, in, recording(mine)).CallClientStream(t.Context())
	for range 2 {
		require.NoError(t, fill.Send(wrapperspb.String("m")))
	}
	_, err = fill.CloseAndReceive()
	require.NoError(t, err)
	for side, r := range map[string]recorded.Record{"server": l.One(t), "client": mine.One(t)} {
		assert.Equal(t, "client_stream", r.Values["ledger.rpc.kind"], side)
		assert.Equal(t, "ok", r.Values["rpc.status_code"], side)
	}
	assert.EqualValues(t, 2, l.One(t).Values["ledger.rpc.messages_received"])
	assert.EqualValues(t, 2, mine.One(t).Values["ledger.rpc.messages_sent"])
}

func TestAStreamThatItsClientLeavesIsRecorded(t *testing.T) {
	l, mine := recorded.Open(t), recorded.Open(t)
	s := serve(t, connect.NewBidiStreamHandler(bidi, func(ctx context.Context, s *connect.BidiStream[text, text]) error {
		m, err := s.Receive()
		if err = errors.Join(err, s.Send(m)); err != nil {
			return err
		}
		<-ctx.Done() // Another Receive may see an ordinary end: the client ends its side first.
		return ctx.Err()
	}, recording(l)))
	ctx, cancel := context.WithCancel(t.Context())
	stream := client(s, bidi, recording(mine)).CallBidiStream(ctx)
	require.NoError(t, stream.Send(wrapperspb.String("m")))
	_, err := stream.Receive()
	require.NoError(t, err)
	cancel()
	_, err = stream.Receive()
	require.Equal(t, connect.CodeCanceled, connect.CodeOf(err))
	_ = stream.CloseResponse()
	r := l.One(t)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, "client_closed_request", r.Values["error.type"])
	assert.Equal(t, "canceled", mine.One(t).Values["rpc.status_code"])
}

func TestAPanicInAStreamIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	s := serve(t, connect.NewBidiStreamHandler(bidi, func(context.Context, *connect.BidiStream[text, text]) error { panic("boom") }, recording(l)))
	stream := client(s, bidi).CallBidiStream(t.Context())
	_ = stream.CloseRequest()
	_, err := stream.Receive()
	require.Error(t, err)
	_ = stream.CloseResponse()
	assert.Equal(t, ledger.TypeException, l.One(t).Type)
}

func TestOutgoingCallsAreRecorded(t *testing.T) {
	l := recorded.Open(t)
	var fail error
	s := serveUnary(t, func(context.Context) error { return fail })
	require.NoError(t, add(t.Context(), s, recording(l)))
	r := l.One(t)
	assert.Equal(t, slog.LevelDebug, r.Level)
	assert.Equal(t, ledger.TypeCustom, r.Type, "it is no endpoint of this service")
	assert.Equal(t, "127.0.0.1", r.Values["server.address"])
	assert.Positive(t, r.Values["server.port"])
	assert.NotContains(t, r.Values, "http.route")

	fail = connect.NewError(connect.CodeNotFound, errors.New("no such cart"))
	require.Error(t, add(t.Context(), s, recording(l)))
	r = l.Wait(t, 2)[1]
	assert.Equal(t, "not_found", r.Values["error.type"], "to a caller every code but ok is an error")
	assert.Equal(t, "no such cart", r.Values["error.message"])

	fail = nil
	require.NoError(t, add(own.Mark(t.Context()), s, recording(l)))
	assert.Len(t, l.All(), 2, "a call of the library's own has none")
}

func TestManyCallsAtOnceAreARecordEach(t *testing.T) {
	l := recorded.Open(t)
	s := serveUnary(t, fine, recording(l))
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() { assert.NoError(t, add(t.Context(), s)) })
	}
	wg.Wait()
	l.Wait(t, 40)
}
