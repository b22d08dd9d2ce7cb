package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// ui is where the program talks to people: standard error for words, standard
// output for data (R7).
type ui struct {
	in       io.Reader
	out, err io.Writer
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// interactive reports whether a question can be asked and answered.
func (u ui) interactive() bool { return isTerminal(u.in) && isTerminal(u.err) }

func (u ui) warn(format string, args ...any) {
	fmt.Fprintln(u.err, "ledger-replay: warning: "+safe(fmt.Sprintf(format, args...)))
}

// fail says why the program ends with a code other than 0.
func (u ui) fail(err error, code int) {
	if err == nil || err.Error() == "" {
		return
	}
	text := safe(err.Error())
	switch code {
	case exitInterrupted:
		text = "interrupted"
	case exitUsage:
		text += "\nRun 'ledger-replay --help' for usage."
	}
	fmt.Fprintln(u.err, "ledger-replay: "+text)
}

var errNotConfirmed = errors.New("not confirmed, nothing was sent")

// confirm asks and waits for the answer, or for ctx.
func (u ui) confirm(ctx context.Context, question string) error {
	fmt.Fprintf(u.err, "%s [y/N] ", question)
	answer := make(chan string, 1) // Has room, so that the reader never waits for us.
	go func() {
		line, _ := bufio.NewReader(u.in).ReadString('\n') // No answer is no.
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case s := <-answer:
		if s != "y" && s != "yes" {
			return usage(errNotConfirmed)
		}
		return nil
	case <-ctx.Done():
		fmt.Fprintln(u.err)
		return ctx.Err() // The reader ends with the program.
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	text := fmt.Sprintf("unknown command %q", name)
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		text += fmt.Sprintf(", did you mean %s?", strings.Join(near, " or "))
	}
	return usage(errors.New(text))
}

// count is a number with its noun: 1 record, 2 records.
func count[N ~int | ~int64 | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/(1<<10), 0
	for ; f >= 1<<10 && unit < 3; unit++ {
		f /= 1 << 10
	}
	return fmt.Sprintf("%.1f %s", f, [...]string{"KiB", "MiB", "GiB", "TiB"}[unit])
}

// age is a span of time for people, in its two largest units at most.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "-" + age(-d)
	case d >= 2*day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return d.Truncate(100 * time.Millisecond).String()
}
