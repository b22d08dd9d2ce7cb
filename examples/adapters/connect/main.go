// Command connect serves a procedure with Connect, without generated code.
//
//	go run ./connect
//	curl -H 'Content-Type: application/json' -d '"tea"' http://127.0.0.1:8080/shop.v1.Cart/Add
package main

import (
	"context"
	"log/slog"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerconnect "github.com/ledger-sdk/ledger-go/middleware/connect"
)

const procedure = "/shop.v1.Cart/Add"

func main() {
	setup.Run("connect", func(ctx context.Context, client *ledger.Client) error {
		log := slog.New(client.Handler(nil))
		add := func(ctx context.Context, r *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.BoolValue], error) {
			log.InfoContext(ctx, "item added", "item", r.Msg.GetValue())
			return connect.NewResponse(wrapperspb.Bool(true)), nil
		}
		mux := http.NewServeMux()
		mux.Handle(procedure, connect.NewUnaryHandler(procedure, add, connect.WithInterceptors(ledgerconnect.NewInterceptor(client))))
		return setup.Serve(ctx, mux)
	})
}
