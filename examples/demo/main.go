package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var keep, short bool
	flag.BoolVar(&keep, "keep", false, "leave the server and the service running at the end")
	flag.BoolVar(&short, "short", false, "take about 10 s in place of 30 s")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, planFor(short), keep, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run plays the demo, prints its table and, with keep, waits for the end of ctx.
func run(ctx context.Context, p plan, keep bool, out io.Writer) (err error) {
	s, err := newStage(ctx, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	result, err := s.play(ctx, p)
	if err != nil {
		return err
	}
	result.print(out)
	verdict := result.verdict()
	if keep && ctx.Err() == nil {
		fmt.Fprintf(out, "\nstill running until you press Ctrl-C:\n  service     %s/orders/7\n  statistics  %s/debug/ledger\n  records     %s/api/v1/logs?limit=10   (Authorization: Bearer %s)\n",
			s.serviceURL(), s.serviceURL(), s.serverURL(), apiKey)
		<-ctx.Done()
	}
	return verdict
}

// plan says what happens when, counted from the first request.
type plan struct {
	rate            float64 // requests per second
	total           time.Duration
	stopAt, startAt time.Duration // of the server
	killAt          time.Duration // of the service
}

func planFor(short bool) plan {
	if short {
		return plan{rate: 200, total: 9 * time.Second, stopAt: 2 * time.Second, startAt: 5 * time.Second, killAt: 7 * time.Second}
	}
	return plan{rate: 200, total: 30 * time.Second, stopAt: 8 * time.Second, startAt: 18 * time.Second, killAt: 22 * time.Second}
}
