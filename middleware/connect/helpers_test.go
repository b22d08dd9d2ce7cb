package ledgerconnect_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	ledgerconnect "github.com/ledger-sdk/ledger-go/middleware/connect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is the message of every call.
type text = wrapperspb.StringValue

const (
	unary = "/shop.v1.Cart/Add"
	bidi  = "/shop.v1.Cart/Talk"
	out   = "/shop.v1.Cart/Watch"
	in    = "/shop.v1.Cart/Fill"
)

// protocols are those that a Connect handler speaks.
func protocols() map[string][]connect.ClientOption {
	return map[string][]connect.ClientOption{
		"connect": nil,
		"grpc":    {connect.WithGRPC()},
		"grpcweb": {connect.WithGRPCWeb()},
	}
}

func recording(l *recorded.Log, opts ...ledgerconnect.Option) connect.Option {
	return connect.WithInterceptors(ledgerconnect.NewInterceptor(l.Client, opts...))
}

// serve serves h over HTTP/2.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	return web.Start(t, h, true)
}

// serveUnary serves one procedure that h decides the error of.
func serveUnary(t *testing.T, h func(context.Context) error, opts ...connect.HandlerOption) *httptest.Server {
	t.Helper()
	return serve(t, connect.NewUnaryHandler(unary, func(ctx context.Context, r *connect.Request[text]) (*connect.Response[text], error) {
		if err := h(ctx); err != nil {
			return nil, err
		}
		return connect.NewResponse(r.Msg), nil
	}, opts...))
}

func client(s *httptest.Server, procedure string, opts ...connect.ClientOption) *connect.Client[text, text] {
	return connect.NewClient[text, text](s.Client(), s.URL+procedure, opts...)
}

// add makes one unary call.
func add(ctx context.Context, s *httptest.Server, opts ...connect.ClientOption) error {
	_, err := client(s, unary, opts...).CallUnary(ctx, connect.NewRequest(wrapperspb.String("apple")))
	return err
}

func fine(context.Context) error { return nil }
