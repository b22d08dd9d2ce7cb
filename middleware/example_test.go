package middleware_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"time"

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

// What the handler knows of a request goes on its record, and on what the application
// logs for it.
func ExampleAddAttrs() {
	client, clean := open()
	defer clean()

	log := slog.New(client.Handler(nil))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		middleware.AddAttrs(r.Context(), slog.String("tenant", "acme"), slog.Int("order.lines", 3))
		log.InfoContext(r.Context(), "order accepted") // carries tenant and order.lines too
		w.WriteHeader(http.StatusCreated)
	})
	handler := middleware.New(client)(mux)

	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/orders", nil))
	fmt.Println("recorded:", client.Stats().Accepted)
	// Output: recorded: 2
}

// A handler that answers an error says why: the client sees the status, the record has
// the reason.
func ExampleSetError() {
	client, clean := open()
	defer clean()

	handler := middleware.New(client)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.SetError(r.Context(), errors.New("stock: connection refused"))
		http.Error(w, "try again later", http.StatusServiceUnavailable)
	}))

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/orders/7", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 503 try again later
}

func ExampleWithRequestID() {
	client, clean := open()
	defer clean()

	handler := middleware.New(client, middleware.WithRequestID())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("handler:", middleware.RequestID(r.Context()))
	}))

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Request-Id", "7f3a")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println("client:", w.Header().Get("X-Request-Id"))
	// Output:
	// handler: 7f3a
	// client: 7f3a
}

// A busy service keeps one of a hundred requests that went well, and everything that
// did not.
func ExampleNewRecorder() {
	client, clean := open()
	defer clean()

	recorder := middleware.NewRecorder(client,
		middleware.WithSkip(func(r *http.Request) bool { return r.URL.Path == "/healthz" }),
		middleware.WithSample(100),
		middleware.WithSlow(2*time.Second),
		middleware.WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8")),
	)
	handler := recorder.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	for range 150 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders", nil))
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/healthz", nil))
	fmt.Println("recorded:", client.Stats().Accepted)
	fmt.Printf("left out: %+v\n", recorder.Stats())
	// Output:
	// recorded: 2
	// left out: {Skipped:1 Unrouted:0 Noise:0 NotKept:0 Sampled:148 Panics:0}
}

// A framework whose chain is not one of http.Handlers calls the recorder itself.
func ExampleRecorder_Serve() {
	client, clean := open()
	defer clean()

	recorder := middleware.NewRecorder(client)
	framework := func(w http.ResponseWriter, r *http.Request, chain func(http.ResponseWriter, *http.Request) (route string)) {
		recorder.Serve(w, r, func(w http.ResponseWriter, r *http.Request) {
			middleware.SetRoute(r.Context(), chain(w, r))
		})
	}

	w := httptest.NewRecorder()
	framework(w, httptest.NewRequest(http.MethodGet, "/orders/7", nil), func(w http.ResponseWriter, _ *http.Request) string {
		fmt.Fprint(w, "order 7")
		return "/orders/:id"
	})
	fmt.Println(w.Body, client.Stats().Accepted)
	// Output: order 7 1
}
