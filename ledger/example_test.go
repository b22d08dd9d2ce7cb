package ledger_test

import (
	"context"
	"fmt"
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
