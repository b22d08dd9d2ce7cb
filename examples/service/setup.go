package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

// options are what the environment and the flags say.
type options struct {
	addr   string
	off    bool
	ledger ledger.Config
}

// parse reads the environment (LEDGER_* and OTEL_*), then the flags, which win.
func parse(args []string, stderr io.Writer) (options, error) {
	cfg, err := ledger.ConfigFromEnv()
	if err != nil {
		return options{}, err
	}
	o := options{ledger: cfg}
	setDefault(&o.ledger.ServiceName, "shop")
	if o.ledger.LogsURL == "" {
		setDefault(&o.ledger.Endpoint, "http://127.0.0.1:4318")
	}
	if cache, err := os.UserCacheDir(); err == nil {
		setDefault(&o.ledger.Dir, filepath.Join(cache, "ledger-shop"))
	}

	f := flag.NewFlagSet("service", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	f.BoolVar(&o.off, "off", false, "run without any logging, to compare")
	f.StringVar(&o.ledger.Dir, "dir", o.ledger.Dir, "`directory` in which records wait")
	f.Func("endpoint", "base `URL` of the log server (default "+o.ledger.Endpoint+")", func(s string) error {
		o.ledger.Endpoint, o.ledger.LogsURL = s, "" // LogsURL, of the environment, would contradict it.
		return nil
	})
	key := f.String("api-key", "", "API `key` of the log server (default $LEDGER_API_KEY)") // no default that -h would show
	f.StringVar(&o.ledger.ServiceVersion, "service-version", o.ledger.ServiceVersion, "`version` of this service, delivered with each record")
	f.IntVar(&o.ledger.MaxRecords, "max-records", o.ledger.MaxRecords, "records that may wait; 0 is Ledger's default")
	f.TextVar(&o.ledger.Durability, "durability", o.ledger.Durability, "when records are safe from a power cut: interval, always or never")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if *key != "" {
		o.ledger.APIKey = *key
	}
	return o, nil
}

func setDefault(field *string, to string) {
	if *field == "" {
		*field = to
	}
}

// logging is this service's use of Ledger.
type logging struct {
	client *ledger.Client // nil with -off
	slog   *slog.Logger
}

// setUp opens the ledger. This, routes and shutdown are all that a service has to do.
func setUp(o options, stderr io.Writer) (*logging, error) {
	if o.off {
		return &logging{slog: slog.New(slog.DiscardHandler)}, nil
	}
	o.ledger.Logger = slog.New(slog.NewTextHandler(stderr, nil)) // Ledger's own diagnostics
	client, err := ledger.Open(o.ledger)
	if err != nil {
		return nil, err
	}
	return &logging{client: client, slog: slog.New(client.Handler(nil))}, nil
}

// routes puts the middleware around the shop, and shows Ledger's statistics beside
// it, outside of the middleware: looking at them should not change them.
func (l *logging) routes(shop http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", middleware.New(l.client, middleware.WithQuery())(shop))
	if l.client != nil {
		mux.HandleFunc("GET /debug/ledger", l.showStats)
	}
	return mux
}

func (l *logging) showStats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(l.client.Stats()) // an error is the client leaving
}

// shutdown delivers until ctx ends. What is left then is safe on disk, and delivered
// at the next start: that is no failure.
func (l *logging) shutdown(ctx context.Context) error {
	if l.client == nil {
		return nil
	}
	err := l.client.Shutdown(ctx)
	var left *ledger.PendingError
	if errors.As(err, &left) && !errors.Is(err, ledger.ErrNotSynced) {
		return nil
	}
	return err
}
