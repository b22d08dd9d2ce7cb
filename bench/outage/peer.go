package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// peer is a library with the settings that it is measured with.
type peer struct {
	name string
	// modules are those whose versions matter, and note what bounds its queue.
	modules []string
	note    string
	// open starts the library in the logging process.
	open func(j job) (logger, error)
	wire wire
}

// logger is a library at work.
type logger struct {
	// log emits a record. An error is the library's refusal.
	log func(message string) error
	// shutdown delivers what it can until ctx ends.
	shutdown func(ctx context.Context) error
}

// wire is what a server has to know of a library.
type wire struct {
	// messages returns the message of every record in a request's body, which was
	// decompressed.
	messages func(body []byte) ([]string, error)
	// contentType and answer are those of success.
	contentType, answer string
}

// peers are the rows of the tables.
func peers() []peer {
	return []peer{
		ledgerPeer("ledger", 0), ledgerPeer("ledger, MaxRecords 1,000,000", 1_000_000),
		otelPeer(), sentryPeer(), axiomPeer(), posthogPeer(),
	}
}

func findPeer(all []peer, name string) (peer, error) {
	for _, p := range all {
		if p.name == name {
			return p, nil
		}
	}
	return peer{}, fmt.Errorf("no library is named %q", name)
}

const messagePrefix = "order accepted, record "

// message returns that of the record with a number.
func message(n int) string { return messagePrefix + strconv.Itoa(n) }

// number returns that of the record with a message.
func number(message string) (int, error) {
	digits, ok := strings.CutPrefix(message, messagePrefix)
	if !ok {
		return 0, fmt.Errorf("%q is not a message of this program", message)
	}
	return strconv.Atoi(digits)
}

// attrs are what every record carries besides, all of them strings.
func attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("http.request.method", "POST"), slog.String("http.route", "/orders"),
		slog.String("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
		slog.String("request.id", "0198f1f0a7e97c4e8e6f2d1c0b9a8765"),
	}
}

// within runs a call that takes no context, and leaves it behind when ctx ends: the
// process is about to exit.
func within(ctx context.Context, call func() error) error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause waits unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
