package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// redriveFlags are what redrive is told.
type redriveFlags struct {
	sendFlags
	letters letterFlags
}

func (a *app) redriveCommand() *cobra.Command {
	var f redriveFlags
	cmd := &cobra.Command{
		Use:   "redrive DIR --to URL",
		Short: "Send the dead letters of a ledger directory again",
		Long: `Send the dead letters of DIR again, oldest first, after what made the server refuse
them was mended. Those that it takes now are dead letters no more, durably so. Those
that it refuses again stay what they are. Nothing else in DIR is touched: what is
pending stays pending.

No process may hold DIR meanwhile; one that does can redrive by itself, with
Client.Redrive. With several destinations say --destination: what one of them refused
must not be taken for delivered because another has it.

A server that is down or asks for a pause is waited for; one that refuses everything
(wrong key, wrong address) ends it. Letters whose reason is partial are sent in their
batches: with --batch 1 the server's answer tells which of them it refuses.

The key comes from --api-key-file or LEDGER_API_KEY, the server from --to,
LEDGER_BASE_URL or OTEL_EXPORTER_OTLP_ENDPOINT (with OTEL_EXPORTER_OTLP_HEADERS).`,
		Example: `  # What would be sent
  ledger-replay redrive /var/lib/shop/ledger --to https://logs.example.com --dry-run
  # The server takes larger records now
  ledger-replay redrive /var/lib/shop/ledger --to https://logs.example.com --reason too_large --yes`,
		Args:              oneDir,
		ValidArgsFunction: dirArg,
		RunE: a.begin(func(cmd *cobra.Command, args []string) error {
			return a.redrive(cmd.Context(), args[0], &f)
		}),
	}
	f.sendFlags.add(cmd)
	f.letters.add(cmd)
	return cmd
}

// redrive makes the plan, asks, and carries it out.
func (a *app) redrive(ctx context.Context, dir string, f *redriveFlags) error {
	asJSON, err := f.out.isJSON()
	if err != nil {
		return err
	}
	if err := f.letters.check(); err != nil {
		return usage(err)
	}
	to, err := f.resolve(a)
	if err != nil {
		return err
	}
	d, err := openDirectory(dir)
	if err != nil {
		return err
	}
	if err := d.redrivable(f.dryRun); err != nil {
		return err
	}
	s, err := newScan(d, f.letters.selection())
	if err != nil {
		return err
	}
	p, err := makePlan(ctx, s, to, a.now())
	if err != nil {
		return err
	}
	p.redrive = true
	if names := p.destinations(); len(names) > 1 {
		return usage(fmt.Errorf("there are dead letters of %s: say --destination", strings.Join(names, " and ")))
	}
	if f.dryRun {
		if d.hold == holdLive {
			p.Warnings = append(p.Warnings, "a live process holds the directory: only that process can redrive, by Client.Redrive")
		}
		return a.present(p, d, asJSON)
	}
	if err := a.agree(ctx, p, f.yes); err != nil {
		return err
	}
	return a.carryOutRedrive(ctx, s, p, to, f, asJSON)
}

// redrivable refuses a directory in which a redrive would have to guess: whoever opens
// dead letters without the state that speaks of them takes them for those of another log.
func (d *directory) redrivable(look bool) error {
	if !d.known {
		return fmt.Errorf("%s; let its process open the directory once, which repairs it", d.problems[0].Detail)
	}
	if d.hold == holdLive && !look {
		return heldError(&sender.LockedError{Dir: d.path, Holder: d.state.Holder})
	}
	epoch, err := wal.PeekEpoch(d.deadDir())
	if err == nil && epoch != 0 && epoch != d.state.Identity.Epoch {
		err = errors.New("the dead letters belong to another log than state.db speaks of")
	}
	return err
}

// heldError says what can be done about a lock, if that is what err is about.
func heldError(err error) error {
	if errors.Is(err, sender.ErrLocked) {
		return fmt.Errorf("%w; stop it, or have it redrive by itself with Client.Redrive", err)
	}
	return err
}

// carryOutRedrive sends the letters, as the directory's owner.
func (a *app) carryOutRedrive(ctx context.Context, s *scan, p *plan, to destination, f *redriveFlags, asJSON bool) error {
	sum := redriveSummary{SchemaVersion: schemaVersion}
	if p.Records == 0 {
		return a.conclude(s.d, &sum, true, nil, asJSON)
	}
	if len(p.Letters) == 0 {
		return errors.New("redrive: none of the dead letters can be decoded")
	}
	start := a.now()
	r, err := openRedrive(s, p.Letters[0].Destination, f.letters.reasons)
	if err != nil {
		return heldError(err)
	}
	err = r.run(ctx, to, f.pace, &progress{w: a.ui.err, live: isTerminal(a.ui.err)}, &sum)
	err = errors.Join(err, r.close())
	sum.DurationSeconds = a.now().Sub(start).Seconds()
	return a.conclude(s.d, &sum, sum.Delivered == sum.Planned, err, asJSON)
}
