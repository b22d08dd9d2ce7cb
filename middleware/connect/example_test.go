package ledgerconnect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerconnect "github.com/ledger-sdk/ledger-go/middleware/connect"
)

func Example() {
	// An application names a directory that outlives it, and its log server.
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:4318", ServiceName: "shop"})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	recording := connect.WithInterceptors(ledgerconnect.NewInterceptor(client))

	mux := http.NewServeMux()
	mux.Handle("/shop.v1.Cart/Add", connect.NewUnaryHandler("/shop.v1.Cart/Add",
		func(_ context.Context, r *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.StringValue], error) {
			return connect.NewResponse(wrapperspb.String("added " + r.Msg.GetValue())), nil
		}, recording))
	server := httptest.NewServer(mux)
	defer server.Close()

	cart := connect.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](
		server.Client(), server.URL+"/shop.v1.Cart/Add", recording) // outgoing calls too
	resp, err := cart.CallUnary(context.Background(), connect.NewRequest(wrapperspb.String("apple")))
	if err != nil {
		panic(err)
	}
	fmt.Println(resp.Msg.GetValue(), "- recorded:", client.Stats().Accepted)
	// Output: added apple - recorded: 2
}
