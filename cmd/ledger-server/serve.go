package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/server"
	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

// Times after which a connection is given up. Reading covers a whole request, so
// that a client that sends a byte now and then does not keep its place for ever;
// writing begins with the end of the header and has to cover the longest query.
const (
	headerTimeout   = 10 * time.Second
	readTimeout     = time.Minute
	writeTimeout    = 2 * time.Minute
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 15 * time.Second
	maxHeaderBytes  = 64 << 10
)

// serve runs the server until SIGINT or SIGTERM. It then takes no more
// connections, finishes the requests under way, moves the write-ahead log into
// the database and returns. A second signal ends the process at once, which
// loses nothing that was answered.
func serve(c config, logger *slog.Logger, stderr io.Writer) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	st, err := store.Open(c.db, store.Options{Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()

	listener, err := net.ListenTCP("tcp", c.addr)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: server.New(server.Config{
			Store: st, Keys: c.keys, LocalOnly: c.localOnly(), RequestsPerMinute: c.requestsPerMinute,
			MaxBody: c.maxBody, MaxConcurrent: c.maxConcurrent, Logger: logger,
		}),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	fmt.Fprintf(stderr, "ledger-server: listening on http://%s\n", listener.Addr())

	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	stop() // the next signal is not caught
	logger.Info("shutting down")
	err = shutDown(srv)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		return served
	}
	if err != nil {
		logger.Warn("requests cut off, none of them was answered", "error", err)
	}
	return nil
}

// shutDown finishes the requests under way, or cuts them off when it has waited
// long enough.
func shutDown(srv *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(err, srv.Close())
	}
	return nil
}
