// Command chi serves with chi; the middleware is inside of the router, so that it can ask
// for the route.
//
//	go run ./chi
//	curl http://127.0.0.1:8080/orders/7
package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

func main() {
	setup.Run("chi", func(ctx context.Context, client *ledger.Client) error {
		log := slog.New(client.Handler(nil))
		r := chi.NewRouter()
		r.Use(middleware.New(client, middleware.WithRouteFunc(func(r *http.Request) string {
			return chi.RouteContext(r.Context()).RoutePattern()
		})))
		r.Get("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
			log.InfoContext(r.Context(), "order shown", "order", chi.URLParam(r, "id"))
			_, _ = io.WriteString(w, "here it is\n")
		})
		return setup.Serve(ctx, r)
	})
}
