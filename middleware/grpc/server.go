package ledgergrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/rpc"
)

// UnaryServerInterceptor returns an interceptor that records every unary call in c. It
// should be the first of its chain: what is outside is neither timed nor seen. A nil
// client turns it off.
func UnaryServerInterceptor(c *ledger.Client, opts ...Option) grpc.UnaryServerInterceptor {
	if c == nil {
		return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			return next(ctx, req)
		}
	}
	recorder := newRecorder(c, rpc.ServerLevel, opts)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
		in := serverCall(ctx, info.FullMethod)
		in.Kind = "unary"
		err = recorder.Serve(ctx, in, func(ctx context.Context, _ *rpc.Messages) (err error) {
			resp, err = next(ctx, req)
			return err
		})
		return resp, err
	}
}

// StreamServerInterceptor returns an interceptor that records every streaming call in
// c, when it ends. It should be the first of its chain. A nil client turns it off.
func StreamServerInterceptor(c *ledger.Client, opts ...Option) grpc.StreamServerInterceptor {
	if c == nil {
		return func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return next(srv, s)
		}
	}
	recorder := newRecorder(c, rpc.ServerLevel, opts)
	return func(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		in := serverCall(s.Context(), info.FullMethod)
		in.Kind = kind(info.IsClientStream, info.IsServerStream)
		in.Unknown = srv == nil // only grpc.UnknownServiceHandler has no service
		return recorder.Serve(s.Context(), in, func(ctx context.Context, m *rpc.Messages) error {
			return next(srv, &serverStream{ServerStream: s, ctx: ctx, messages: m})
		})
	}
}

// serverCall reads what a call says of itself.
func serverCall(ctx context.Context, fullMethod string) *rpc.Call {
	in := &rpc.Call{Procedure: fullMethod, Method: "POST"} // as gRPC does it over HTTP
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		in.Peer = p.Addr.String()
	}
	in.Authority = header(ctx, ":authority")
	in.UserAgent = header(ctx, "user-agent")
	in.RequestID = rpc.RequestID(header(ctx, "x-request-id"))
	in.Traceparent = header(ctx, "traceparent")
	return in
}

// header returns a value of the incoming metadata. One that was sent twice is nobody's
// clear word.
func header(ctx context.Context, key string) string {
	if v := metadata.ValueFromIncomingContext(ctx, key); len(v) == 1 {
		return v[0]
	}
	return ""
}

// kind names what a method streams.
func kind(client, server bool) string {
	switch {
	case client && server:
		return "bidi_stream"
	case client:
		return "client_stream"
	case server:
		return "server_stream"
	}
	return "unary"
}

// serverStream counts messages and carries the context of the call.
type serverStream struct {
	grpc.ServerStream
	ctx      context.Context //nolint:containedctx // It is how gRPC hands a context to the handler of a stream.
	messages *rpc.Messages
}

// Context returns the context of the call, with its scope.
func (s *serverStream) Context() context.Context { return s.ctx }

// SendMsg sends on and counts.
func (s *serverStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.messages.Sent.Add(1)
	}
	return err
}

// RecvMsg receives and counts.
func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.messages.Received.Add(1)
	}
	return err
}
