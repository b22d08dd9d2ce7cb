package ledger_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// server takes everything.
func server() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}

func scratchDir() string {
	dir, err := os.MkdirTemp("", "ledger-example-*")
	if err != nil {
		panic(err)
	}
	return dir
}

func ExampleOpen() {
	srv, dir := server(), scratchDir()
	defer srv.Close()
	defer func() { _ = os.RemoveAll(dir) }()

	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: srv.URL, ServiceName: "shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = client.Log(ctx, ledger.Record{Level: slog.LevelInfo, Message: "order paid", Attrs: []slog.Attr{slog.Int("order", 42)}})
	fmt.Println("admitted:", err == nil)
	fmt.Println("delivered:", client.Shutdown(ctx) == nil)
	s := client.Stats()
	fmt.Println("accepted", s.Accepted, "delivered", s.Delivered, "pending", s.Pending)
	// Output:
	// admitted: true
	// delivered: true
	// accepted 1 delivered 1 pending 0
}

func ExampleClient_Handler() {
	srv, dir := server(), scratchDir()
	defer srv.Close()
	defer func() { _ = os.RemoveAll(dir) }()
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: srv.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	// Lines go to the terminal and to the log server.
	log := slog.New(slog.NewMultiHandler(
		slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}),
		client.Handler(&ledger.HandlerOptions{Level: slog.LevelInfo}),
	))
	log.Info("order paid", "order", 42)
	fmt.Println("accepted", client.Stats().Accepted)
	// Output:
	// level=INFO msg="order paid" order=42
	// accepted 1
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func ExampleClient_Sync() {
	dir := scratchDir()
	defer func() { _ = os.RemoveAll(dir) }()
	// No server is there. That is no error: records wait.
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	client.Critical(ctx, "about to do something that must be on record")
	fmt.Println("safe from a power cut:", client.Sync(ctx) == nil)
	_ = client.Close()

	client, err = ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	fmt.Println("still pending:", client.Stats().Pending)
	// Output:
	// safe from a power cut: true
	// still pending: 1
}

func ExampleConfig_Validate() {
	err := ledger.Config{Endpoint: "logs.example.com", FlushSize: 5000}.Validate()
	fmt.Println(err)
	// Output:
	// ledger: config: Dir is empty: name a directory that outlives the process, not a shared temporary one
	// ledger: config: Endpoint does not start with http:// or https://
	// ledger: config: FlushSize is 5000: the server refuses a request of more than 1000 records
}

// Each destination gets every record, at its own pace.
func ExampleDestination() {
	near, far, dir := server(), server(), scratchDir()
	defer near.Close()
	defer far.Close()
	defer func() { _ = os.RemoveAll(dir) }()
	client, err := ledger.Open(ledger.Config{
		Dir: dir, Endpoint: near.URL,
		Destinations: []ledger.Destination{{Name: "archive", Endpoint: far.URL}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client.Info(ctx, "order paid")
	_ = client.Shutdown(ctx)
	for _, d := range client.Stats().Destinations {
		fmt.Println(d.Name, "delivered", d.Delivered, "pending", d.Pending)
	}
	// Output:
	// default delivered 1 pending 0
	// archive delivered 1 pending 0
}

// What a server refuses is kept, with its words, until it takes it.
func ExampleClient_Redrive() {
	picky := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if picky {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "unknown field")
		}
	}))
	dir := scratchDir()
	defer srv.Close()
	defer func() { _ = os.RemoveAll(dir) }()
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: srv.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	picky = false
	client.Info(ctx, "the server works")
	_ = client.Flush(ctx)
	picky = true
	client.Info(ctx, "it does not like this one")
	_ = client.Flush(ctx)
	letters, err := client.DeadLetters(10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range letters {
		fmt.Println(l.Reason, l.Status, l.Message)
	}
	picky = false
	r, err := client.Redrive(ctx)
	fmt.Println("delivered", r.Delivered, "refused", r.Refused, err)
	// Output:
	// rejected 400 unknown field
	// delivered 1 refused 0 <nil>
}
