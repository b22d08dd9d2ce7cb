package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// app is one invocation of the program: everything it touches besides the
// directory and the network.
type app struct {
	ui     ui
	getenv func(string) string
	now    func() time.Time
	begun  bool // a command has begun: the command line is in order
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{ui: ui{in: stdin, out: stdout, err: stderr}, getenv: getenv, now: time.Now}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	code := exitCode(err, a.begun)
	a.ui.fail(err, code)
	return code
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "ledger-replay",
		Short: "Look into a ledger directory and send its records again",
		Long: `Look into a ledger directory and send its records again.

Every command but redrive may run beside the process that owns the directory, and
changes nothing in it.`,
		Example: `  ledger-replay status /var/lib/shop/ledger
  ledger-replay cat /var/lib/shop/ledger --pending --level error
  ledger-replay replay /var/lib/shop/ledger --to https://logs.example.com --dry-run
  ledger-replay dead /var/lib/shop/ledger
  ledger-replay redrive /var/lib/shop/ledger --to https://logs.example.com --yes`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		// How far from a command a typing error may be to be recognised as one.
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	root.SetHelpTemplate(root.HelpTemplate() + "\n" + exitHelp)
	root.AddCommand(a.statusCommand(), a.catCommand(), a.replayCommand(), a.deadCommand(), a.redriveCommand(), a.versionCommand())
	return root
}

// begin wraps the body of a command: from here on an error is not one of usage.
func (a *app) begin(body func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.begun = true
		return body(cmd, args)
	}
}

// oneDir accepts the one argument that a command takes: a directory.
func oneDir(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("name one directory, not %d", len(args))
	}
	return nil
}

// dirArg completes it.
func dirArg(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
