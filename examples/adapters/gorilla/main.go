// Command gorilla serves with gorilla/mux. The middleware is around the router, which does
// not call its own for a 404; a function inside tells the route.
//
//	go run ./gorilla
//	curl http://127.0.0.1:8080/orders/7
package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

func main() {
	setup.Run("gorilla", func(ctx context.Context, client *ledger.Client) error {
		log := slog.New(client.Handler(nil))
		r := mux.NewRouter()
		r.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if pattern, err := mux.CurrentRoute(r).GetPathTemplate(); err == nil {
					middleware.SetRoute(r.Context(), pattern)
				}
				next.ServeHTTP(w, r)
			})
		})
		r.HandleFunc("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
			log.InfoContext(r.Context(), "order shown", "order", mux.Vars(r)["id"])
			_, _ = io.WriteString(w, "here it is\n")
		})
		return setup.Serve(ctx, middleware.New(client)(r))
	})
}
