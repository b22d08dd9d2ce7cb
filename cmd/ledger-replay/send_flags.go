package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ledger-sdk/ledger-go/sender"
)

// sendFlags are what every command that sends is told.
type sendFlags struct {
	out    outputFlag
	to     destinationFlags
	pace   pace
	dryRun bool
	yes    bool
}

func (f *sendFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.to.to, "to", "", "base URL of the server; /v1/logs is appended")
	flags.StringArrayVarP(&f.to.headers, "header", "H", nil, "header of every request, name=value; may be repeated")
	flags.StringVar(&f.to.headerFile, "header-file", "", "file with such headers, one a line")
	flags.StringVar(&f.to.keyFile, "api-key-file", "", "file with the API key")
	flags.IntVar(&f.pace.batch, "batch", maxBatch, "records in a request at most")
	flags.StringVar(&f.pace.compression, "compression", sender.CompressionGzip, "gzip or none")
	flags.DurationVar(&f.pace.requestTimeout, "request-timeout", 30*time.Second, "of one request")
	flags.DurationVar(&f.pace.backoff, "backoff", 2*time.Second, "wait after a first failure, which doubles up to 60s")
	flags.IntVar(&f.pace.maxAttempts, "max-attempts", 8, "failures in a row after which to give up; 0 is never")
	flags.DurationVar(&f.pace.timeout, "timeout", 0, "of all of it (default no limit)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be sent, and send nothing")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	f.out.add(cmd, "text", "json")
	f.pace.inFlight = 1 // For a command without a flag of its own.
}

// resolve checks the flags, and that somebody can agree to what is going to happen.
func (f *sendFlags) resolve(a *app) (destination, error) {
	to, err := f.to.resolve(a.getenv)
	if err := errors.Join(err, f.pace.validate()); err != nil {
		return to, usage(err)
	}
	if !f.dryRun && !f.yes && !a.ui.interactive() {
		return to, usage(errors.New("no terminal to ask on: look at --dry-run, then say --yes"))
	}
	return to, nil
}

func (p *pace) validate() error {
	switch {
	case p.rate < 0:
		return errors.New("--rate is negative")
	case p.batch < 1 || p.batch > maxBatch:
		return fmt.Errorf("--batch is %d, not from 1 to %d", p.batch, maxBatch)
	case p.inFlight < 1 || p.inFlight > 64:
		return fmt.Errorf("--in-flight is %d, not from 1 to 64", p.inFlight)
	case p.compression != sender.CompressionGzip && p.compression != sender.CompressionNone:
		return fmt.Errorf("--compression is %q, not gzip or none", p.compression)
	case p.requestTimeout <= 0:
		return errors.New("--request-timeout is not positive")
	case p.backoff < time.Millisecond:
		return errors.New("--backoff is less than 1ms")
	case p.maxAttempts < 0 || p.timeout < 0:
		return errors.New("--max-attempts and --timeout cannot be negative")
	}
	return nil
}
