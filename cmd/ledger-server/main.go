package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // it could not start, or not go on
	exitUsage   = 2 // it was not asked correctly
)

func main() {
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the whole program but for its exit.
func run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c, err := parseConfig(args, getenv, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "ledger-server: %v\n", err)
		return exitUsage
	case c.version:
		fmt.Fprintln(stdout, version())
		return exitOK
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	if err := serve(c, logger, stderr); err != nil {
		fmt.Fprintf(stderr, "ledger-server: %v\n", err)
		return exitFailure
	}
	return exitOK
}
