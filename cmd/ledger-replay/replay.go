package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
)

// maxBatch is the most records that the Ledger server takes in a request.
const maxBatch = 1000

// replayFlags are what replay is told.
type replayFlags struct {
	sendFlags
	sel selectionFlags
}

func (a *app) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay DIR --to URL",
		Short: "Send the records of a ledger directory to a server",
		Long: `Send records that are on disk in DIR to a server: those that are pending, unless
told otherwise. They go as they were stored, with their IDs and with the resource of
the process that logged them.

DIR is not changed. Nothing is acked: what is pending stays pending, and the process
that owns DIR sends it again. A server that looks at record IDs keeps one of each.
Likewise, --dead sends dead letters and leaves them what they are; see redrive.

A server that is down or asks for a pause is waited for, as the library does it; one
that refuses (wrong key, wrong address, a bad record) ends the replay.

The key comes from --api-key-file or LEDGER_API_KEY, the server from --to,
LEDGER_BASE_URL or OTEL_EXPORTER_OTLP_ENDPOINT (with OTEL_EXPORTER_OTLP_HEADERS).`,
		Example: `  # What would be sent
  ledger-replay replay /var/lib/shop/ledger --to https://logs.example.com --dry-run
  # The server lost the last quarter of an hour although it had acknowledged it
  ledger-replay replay /var/lib/shop/ledger --acked --since 15m --to https://logs.example.com --yes
  # Errors only, to another server, slowly
  ledger-replay replay /var/lib/shop/ledger --all --level error --rate 100 --to http://127.0.0.1:4318 -H X-Scope-OrgID=shop`,
		Args:              oneDir,
		ValidArgsFunction: dirArg,
		RunE: a.begin(func(cmd *cobra.Command, args []string) error {
			return a.replay(cmd.Context(), args[0], &f)
		}),
	}
	f.sendFlags.add(cmd)
	f.sel.add(cmd)
	cmd.Flags().IntVar(&f.pace.rate, "rate", 0, "records a second at most (default no limit)")
	cmd.Flags().IntVar(&f.pace.inFlight, "in-flight", 4, "requests under way at most; 1 keeps the order")
	return cmd
}

// replay makes the plan, asks, and carries it out.
func (a *app) replay(ctx context.Context, dir string, f *replayFlags) error {
	asJSON, err := f.out.isJSON()
	if err != nil {
		return err
	}
	sel, err := f.sel.selection(a.now(), true)
	if err != nil {
		return err
	}
	to, err := f.resolve(a)
	if err != nil {
		return err
	}
	d, err := openDirectory(dir)
	if err != nil {
		return err
	}
	s, err := newScan(d, sel)
	if err != nil {
		return err
	}
	p, err := makePlan(ctx, s, to, a.now())
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.present(p, d, asJSON)
	}
	if err := a.agree(ctx, p, f.yes); err != nil {
		return err
	}
	return a.carryOut(ctx, s, p, to, f.pace, asJSON)
}

// present is a dry run.
func (a *app) present(p *plan, d *directory, asJSON bool) error {
	var err error
	if asJSON {
		err = a.ui.document(p)
	} else {
		err = p.write(a.ui.out, a.now())
	}
	if err != nil {
		return err
	}
	return d.verdict(a.ui)
}

// agree tells a person what is going to happen and asks, unless that was settled
// on the command line.
func (a *app) agree(ctx context.Context, p *plan, yes bool) error {
	if yes || p.Records == 0 {
		for _, text := range p.Warnings {
			a.ui.warn("%s", text)
		}
		return nil
	}
	if err := p.write(a.ui.err, a.now()); err != nil {
		return err
	}
	return a.ui.confirm(ctx, "Send "+count(p.Records, "record")+"?")
}

// carryOut sends what was planned and nothing else, however much the log grows
// meanwhile.
func (a *app) carryOut(ctx context.Context, s *scan, p *plan, to destination, pc pace, asJSON bool) error {
	if p.Records == 0 {
		return a.conclude(s.d, &summary{SchemaVersion: schemaVersion}, true, nil, asJSON)
	}
	s.sel.from, s.sel.to = p.First, p.Last
	out := &progress{w: a.ui.err, live: isTerminal(a.ui.err)}
	d, err := newDelivery(s, p, to, pc, out)
	if err != nil {
		return usage(err)
	}
	start := a.now()
	reason, err := d.run(ctx, s)
	sum := d.sum(p, reason, reason == "", a.now().Sub(start))
	return a.conclude(s.d, &sum, sum.Sent == sum.Planned, err, asJSON)
}

// conclude prints the summary, whatever the end, and says what it means. err is why it
// ended, if that was not the server.
func (a *app) conclude(d *directory, sum interface{ write(w io.Writer) error }, all bool, err error, asJSON bool) error {
	if asJSON {
		err = errors.Join(err, a.ui.document(sum))
	} else {
		err = errors.Join(err, sum.write(a.ui.out))
	}
	switch verdict := d.verdict(a.ui); {
	case err != nil:
		return err
	case !all:
		return &exitError{code: exitPartial}
	default:
		return verdict
	}
}
