package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"

	"github.com/go-chi/httplog/v3"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

// httpVariants are what is compared. The log server is alive, refuses connections, or
// takes a request and never answers it.
func httpVariants() []served {
	return []served{
		{"bare", func(string) (wrapper, func() error, error) {
			return func(h http.Handler) http.Handler { return h }, func() error { return nil }, nil
		}},
		{"ledger, server alive", httpLedgerWith(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusOK)
		})},
		{"ledger, server dead", func(dir string) (wrapper, func() error, error) { return httpLedger(dir, "http://127.0.0.1:1") }},
		{"ledger, server hanging", httpLedgerWith(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		})},
		{"otelhttp, no provider", func(string) (wrapper, func() error, error) {
			return otelhttp.NewMiddleware("bench"), func() error { return nil }, nil
		}},
		{"otelhttp, spans in batches, discarded", httpOTel},
		{"httplog v3, slog JSON, discarded", httpLog},
	}
}

func httpLedger(dir, endpoint string) (wrapper, func() error, error) {
	c, err := ledger.Open(ledger.Config{Dir: filepath.Join(dir, "ledger"), Endpoint: endpoint, MaxRecords: 10_000_000})
	if err != nil {
		return nil, nil, err
	}
	return middleware.New(c), c.Close, nil
}

// httpLedgerWith has a log server in this process: its work is on the same processors.
func httpLedgerWith(server http.HandlerFunc) func(dir string) (wrapper, func() error, error) {
	return func(dir string) (wrapper, func() error, error) {
		s := httptest.NewServer(server)
		wrap, closed, err := httpLedger(dir, s.URL)
		if err != nil {
			s.Close()
			return nil, nil, err
		}
		return wrap, func() error {
			err := closed()
			s.CloseClientConnections()
			s.Close()
			return err
		}, nil
	}
}

func httpOTel(string) (wrapper, func() error, error) {
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(noSpans{}))
	wrap := otelhttp.NewMiddleware("bench", otelhttp.WithTracerProvider(p), otelhttp.WithPropagators(propagation.TraceContext{}))
	return wrap, func() error { return p.Shutdown(context.Background()) }, nil
}

// noSpans is an exporter that takes everything and keeps nothing.
type noSpans struct{}

func (noSpans) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (noSpans) Shutdown(context.Context) error                             { return nil }

func httpLog(string) (wrapper, func() error, error) {
	log := slog.New(slog.NewJSONHandler(discard{}, nil))
	if !log.Enabled(context.Background(), slog.LevelInfo) {
		return nil, nil, errors.New("nothing is logged")
	}
	return httplog.RequestLogger(log, &httplog.Options{Level: slog.LevelInfo, Schema: httplog.SchemaOTEL}), func() error { return nil }, nil
}
