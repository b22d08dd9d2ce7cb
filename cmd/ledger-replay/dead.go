package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// deadFlags are what dead is told.
type deadFlags struct {
	out          outputFlag
	letters      letterFlags
	since, until string
	limit, last  int
}

func (a *app) deadCommand() *cobra.Command {
	var f deadFlags
	cmd := &cobra.Command{
		Use:   "dead DIR",
		Short: "List the dead letters of a ledger directory",
		Long: `List the dead letters of DIR: the records that a server refused for good, each with
the reason, oldest first. A table is one line each: when it was sent last, the
destination, the reason, the status and how many attempts there were, the record's
level and message, and the server's words. Whatever is not printable is escaped.

Reasons: rejected (the server refuses the record), too_large (it is larger than the
server takes), partial (the server refused some records of a batch and did not say
which), quota (a quota was used up).

-o jsonl prints one JSON object a line, the same as cat --dead does: all there is to
know about the record, and its letter.`,
		Example: `  ledger-replay dead /var/lib/shop/ledger
  ledger-replay dead /var/lib/shop/ledger --reason rejected --since 1d
  ledger-replay dead /var/lib/shop/ledger -o jsonl | jq -r .letter.message | sort | uniq -c`,
		Args:              oneDir,
		ValidArgsFunction: dirArg,
		RunE: a.begin(func(cmd *cobra.Command, args []string) error {
			asJSON, err := f.out.isJSON()
			if err != nil {
				return err
			}
			sel, err := f.selection(a.now())
			if err != nil {
				return usage(err)
			}
			d, err := openDirectory(args[0])
			if err != nil {
				return err
			}
			s, err := newScan(d, sel)
			if err != nil {
				return err
			}
			line := letterTable()
			if asJSON {
				line = s.jsonLine
			}
			return a.printAll(cmd.Context(), s, line)
		}),
	}
	f.out.add(cmd, "table", "jsonl")
	f.letters.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "sent last not before this: RFC 3339, or a time ago such as 15m or 2d")
	flags.StringVar(&f.until, "until", "", "sent last before this, likewise")
	flags.IntVar(&f.limit, "limit", 0, "the first N of them at most")
	flags.IntVar(&f.last, "last", 0, "the last N of them at most")
	cmd.MarkFlagsMutuallyExclusive("limit", "last")
	return cmd
}

func (f *deadFlags) selection(now time.Time) (selection, error) {
	s := f.letters.selection()
	s.attempted, s.limit, s.last = true, f.limit, f.last
	var err error
	s.since, s.until, err = parseSpan(f.since, f.until, now)
	if f.limit < 0 || f.last < 0 {
		err = errors.Join(err, errors.New("--limit and --last cannot be negative"))
	}
	return s, errors.Join(f.letters.check(), err)
}

// letterRow has columns of a fixed width: a table that fits its widths to its content
// would have to hold all of it (R4).
const letterRow = "%-20s  %-12s  %-9s  %6s  %8s  %-8s  %s  %s\n"

// letterTable returns what appends a letter as a line of printable text (R5), the first
// one below the heads of the columns.
func letterTable() func([]byte, *record) ([]byte, error) {
	begun := false
	return func(dst []byte, r *record) ([]byte, error) {
		if !begun {
			dst = fmt.Appendf(dst, letterRow, "LAST SENT", "DESTINATION", "REASON", "STATUS", "ATTEMPTS", "LEVEL", "MESSAGE", "SERVER SAYS")
			begun = true
		}
		l := r.letter
		if l == nil {
			return fmt.Appendf(dst, "offset %d UNDECODABLE %s\n", r.offset, safe(r.err.Error())), nil
		}
		message := strconv.Quote(r.message())
		if r.err != nil {
			message = "UNDECODABLE " + safe(r.err.Error())
		}
		return fmt.Appendf(dst, letterRow, l.Last.UTC().Format(time.RFC3339), word(l.Destination), word(l.Reason),
			strconv.Itoa(l.Status), strconv.Itoa(l.Attempts), levelName(r.severity()), message, strconv.Quote(l.Message)), nil
	}
}
