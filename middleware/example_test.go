package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

// open opens a client for the examples. An application names a directory that
// outlives it, and its log server.
func open() (client *ledger.Client, clean func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	client, err = ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:4318", ServiceName: "shop"})
	if err != nil {
		panic(err)
	}
	return client, func() {
		_ = client.Close()
		_ = os.RemoveAll(dir)
	}
}

func Example() {
	client, clean := open()
	defer clean()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "order %s", r.PathValue("id"))
	})
	handler := middleware.New(client)(mux) // for http.Server

	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders/7", nil))
	fmt.Println("recorded:", client.Stats().Accepted)
	// Output: recorded: 1
}

// A mux behind http.StripPrefix matches a path that the middleware never sees whole.
func ExampleSetRoute() {
	client, clean := open()
	defer clean()

	orders := http.NewServeMux()
	orders.HandleFunc("GET /{id}", func(w http.ResponseWriter, r *http.Request) {
		middleware.SetRoute(r.Context(), "/shop/orders/{id}")
		fmt.Fprintf(w, "order %s", r.PathValue("id"))
	})
	mux := http.NewServeMux()
	mux.Handle("/shop/orders/", http.StripPrefix("/shop/orders", orders))
	handler := middleware.New(client)(mux)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/shop/orders/7", nil))
	fmt.Println(w.Body)
	// Output: order 7
}

// Where a middleware in between passes on a copy of the request, the mux is asked
// once more.
func ExampleWithMux() {
	client, clean := open()
	defer clean()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(http.ResponseWriter, *http.Request) {})
	timeout := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(r.Context())) // and a deadline, in earnest
		})
	}
	handler := middleware.New(client, middleware.WithMux(mux))(timeout(mux))

	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders/7", nil))
	fmt.Println("recorded:", client.Stats().Accepted)
	// Output: recorded: 1
}
