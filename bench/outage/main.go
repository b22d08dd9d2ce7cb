package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	done, err := emitterMain(peers())
	if !done {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = command(ctx, os.Stdout)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "outage:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, out io.Writer) error {
	full := flag.Bool("full", false, "outages of 60 s and 300 s: seven minutes")
	markdown := flag.Bool("markdown", false, "print Markdown tables after the line per run")
	only := flag.String("peers", "", "measure only libraries whose name contains this `text`")
	parallel := flag.Int("parallel", 72, "runs at the same time")
	flag.Parse()

	f := shortForm()
	if *full {
		f = fullForm()
	}
	var chosen []peer
	for _, p := range peers() {
		if strings.Contains(p.name, *only) {
			chosen = append(chosen, p)
		}
	}
	if len(chosen) == 0 || *parallel < 1 {
		return errors.New("nothing to measure")
	}
	scenarios := f.scenarios()
	writeAbout(out, chosen, f, scenarios)
	fmt.Fprintln(out)
	results, err := measureAll(ctx, product(chosen, scenarios), *parallel)
	if ctx.Err() != nil {
		return context.Cause(ctx) // in place of one error per run
	}
	err = errors.Join(err, writeText(out, results))
	if *markdown {
		writeMarkdown(out, results)
	}
	return err
}
