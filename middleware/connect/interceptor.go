package ledgerconnect

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware/internal/rpc"
)

// NewInterceptor returns an interceptor that records the calls of handlers and of
// clients in c: a handler's are those that it serves, a client's those that it makes.
// It should be the first of its chain: what is outside is neither timed nor seen. A
// nil client turns it off.
//
// An interceptor that retries outside of it makes each attempt a record, one inside
// makes all of them one.
func NewInterceptor(c *ledger.Client, opts ...Option) connect.Interceptor {
	if c == nil {
		return off{}
	}
	return newInterceptor(c, opts)
}

// WrapUnary records unary calls, of handlers and of clients.
func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if req.Spec().IsClient {
			return i.call(ctx, req, next)
		}
		var resp connect.AnyResponse
		in := served(req.Spec(), req.Peer(), req.Header(), req.HTTPMethod())
		err := i.server.Serve(ctx, in, func(ctx context.Context, _ *rpc.Messages) (err error) {
			resp, err = next(ctx, req)
			return err
		})
		if err != nil {
			return nil, err // a typed nil would not be one to connect
		}
		return resp, nil
	}
}

// call records a unary call that this process makes.
func (i *interceptor) call(ctx context.Context, req connect.AnyRequest, next connect.UnaryFunc) (connect.AnyResponse, error) {
	_, done := i.client.Begin(ctx, outgoing(req.Spec(), req.Peer()))
	if done == nil {
		return next(ctx, req)
	}
	resp, err := next(ctx, req)
	done(err)
	return resp, err
}

// WrapStreamingHandler records the streams that a handler serves.
func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		in := served(conn.Spec(), conn.Peer(), conn.RequestHeader(), http.MethodPost)
		return i.server.Serve(ctx, in, func(ctx context.Context, m *rpc.Messages) error {
			return next(ctx, &handlerConn{StreamingHandlerConn: conn, messages: m})
		})
	}
}

// WrapStreamingClient records the streams that a client opens.
func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		messages, done := i.client.Begin(ctx, outgoing(spec, conn.Peer()))
		if done == nil {
			return conn
		}
		return &clientConn{StreamingClientConn: conn, messages: messages, done: done}
	}
}

// served reads what a call says of itself.
func served(spec connect.Spec, peer connect.Peer, header http.Header, method string) *rpc.Call {
	return &rpc.Call{
		Procedure: spec.Procedure, Kind: kind(spec.StreamType), Method: method,
		Protocol: peer.Protocol, Peer: peer.Addr, Authority: one(header, "Host"), UserAgent: one(header, "User-Agent"),
		RequestID: rpc.RequestID(one(header, "X-Request-Id")), Traceparent: one(header, "Traceparent"),
	}
}

func outgoing(spec connect.Spec, peer connect.Peer) *rpc.Call {
	return &rpc.Call{
		Procedure: spec.Procedure, Kind: kind(spec.StreamType), Protocol: peer.Protocol, Authority: peer.Addr,
	}
}

// one returns the value of a header. One that was sent twice is nobody's clear word.
func one(h http.Header, key string) string {
	if v := h[key]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// kind names what a procedure streams.
func kind(t connect.StreamType) string {
	switch t {
	case connect.StreamTypeClient:
		return "client_stream"
	case connect.StreamTypeServer:
		return "server_stream"
	case connect.StreamTypeBidi:
		return "bidi_stream"
	case connect.StreamTypeUnary:
	}
	return "unary"
}

// off is the interceptor of no client.
type off struct{}

func (off) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }
func (off) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (off) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
