package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// Address is where the servers listen.
const Address = "127.0.0.1:8080"

// Run opens a client for a service of this name, calls serve until a signal comes, and
// shuts the client down. What is not delivered within five seconds waits on disk for the
// next start.
func Run(name string, serve func(ctx context.Context, client *ledger.Client) error, more ...func(*ledger.Config)) {
	if err := run(name, serve, more); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(name string, serve func(context.Context, *ledger.Client) error, more []func(*ledger.Config)) error {
	cfg, err := ledger.ConfigFromEnv() // LEDGER_* and OTEL_*
	if err != nil {
		return err
	}
	if cfg.ServiceName == "" {
		cfg.ServiceName = name
	}
	if cfg.Endpoint == "" && cfg.LogsURL == "" {
		cfg.Endpoint = "http://127.0.0.1:4318"
	}
	if cfg.Dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		cfg.Dir = filepath.Join(cache, "ledger-"+name)
	}
	for _, change := range more {
		change(&cfg)
	}
	client, err := ledger.Open(cfg)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = serve(ctx, client)

	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var left *ledger.PendingError
	if down := client.Shutdown(end); errors.As(down, &left) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, left) // It waits on disk.
	} else {
		err = errors.Join(err, down)
	}
	return err
}

// Serve serves h over HTTP/1.1, and HTTP/2 without TLS, until ctx ends.
func Serve(ctx context.Context, h http.Handler) error {
	server := &http.Server{Addr: Address, Handler: h, ReadHeaderTimeout: 10 * time.Second, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", Address)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return server.Shutdown(grace)
}
