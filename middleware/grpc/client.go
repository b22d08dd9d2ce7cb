package ledgergrpc

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/rpc"
)

// UnaryClientInterceptor returns an interceptor that records every outgoing unary
// call in c. Inside of an interceptor that retries, each attempt is a record; outside,
// all of them are one. A nil client turns it off.
func UnaryClientInterceptor(c *ledger.Client, opts ...Option) grpc.UnaryClientInterceptor {
	if c == nil {
		return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return invoke(ctx, method, req, reply, cc, opts...)
		}
	}
	recorder := newRecorder(c, rpc.ClientLevel, opts)
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		in := clientCall(method, cc)
		in.Kind = "unary"
		_, done := recorder.Begin(ctx, in)
		if done == nil {
			return invoke(ctx, method, req, reply, cc, opts...)
		}
		var p peer.Peer
		err := invoke(ctx, method, req, reply, cc, append(slices.Clip(opts), grpc.Peer(&p))...)
		if p.Addr != nil {
			in.Peer = p.Addr.String()
		}
		done(err)
		return err
	}
}

// StreamClientInterceptor returns an interceptor that records every outgoing stream in
// c, when gRPC is done with it: when its end was received, it failed, or its context
// ended. A nil client turns it off.
func StreamClientInterceptor(c *ledger.Client, opts ...Option) grpc.StreamClientInterceptor {
	if c == nil {
		return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return open(ctx, desc, cc, method, opts...)
		}
	}
	recorder := newRecorder(c, rpc.ClientLevel, opts)
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		in := clientCall(method, cc)
		in.Kind = kind(desc.ClientStreams, desc.ServerStreams)
		messages, done := recorder.Begin(ctx, in)
		if done == nil {
			return open(ctx, desc, cc, method, opts...)
		}
		s, err := open(ctx, desc, cc, method, append(slices.Clip(opts), grpc.OnFinish(done))...)
		if err != nil {
			return nil, err
		}
		return &clientStream{ClientStream: s, messages: messages}, nil
	}
}

// clientCall names where a call goes by the target of its channel, as OpenTelemetry's
// conventions ask: the address behind it may be another one at each call.
func clientCall(method string, cc *grpc.ClientConn) *rpc.Call {
	in := &rpc.Call{Procedure: method}
	target := cc.CanonicalTarget()
	scheme, endpoint, _ := strings.Cut(target, ":")
	if rest, ok := strings.CutPrefix(endpoint, "//"); ok {
		_, endpoint, _ = strings.Cut(rest, "/") // after the resolver's authority
	}
	switch scheme {
	case "dns", "passthrough":
		in.Authority = endpoint
	case "unix":
		in.Target = strings.TrimPrefix(target, "unix:")
		if path, ok := strings.CutPrefix(in.Target, "//"); ok {
			in.Target = path
		}
	default:
		in.Target = target
	}
	return in
}

// clientStream counts messages.
type clientStream struct {
	grpc.ClientStream
	messages *rpc.Messages
}

// SendMsg sends on and counts.
func (s *clientStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err == nil {
		s.messages.Sent.Add(1)
	}
	return err
}

// RecvMsg receives and counts.
func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err == nil {
		s.messages.Received.Add(1)
	}
	return err
}
