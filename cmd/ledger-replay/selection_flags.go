package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// letterFlags choose dead letters by what is known of them.
type letterFlags struct {
	destination string
	reasons     []string
}

func (f *letterFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.destination, "destination", "", "only of this destination")
	cmd.Flags().StringSliceVar(&f.reasons, "reason", nil, "only with this reason: "+strings.Join(deadReasons(), ", ")+"; may be repeated")
}

// check refuses what no letter can have: a typing error must not read like none.
func (f *letterFlags) check() error {
	for _, r := range f.reasons {
		if !slices.Contains(deadReasons(), r) {
			return fmt.Errorf("--reason is %q, not one of %s", r, strings.Join(deadReasons(), ", "))
		}
	}
	return nil
}

func deadReasons() []string {
	return []string{sender.DeadRejected, sender.DeadTooLarge, sender.DeadPartial, sender.DeadQuota}
}

// selection is that of the letters that wait.
func (f *letterFlags) selection() selection {
	return selection{dead: true, pending: true, destination: f.destination, reasons: f.reasons}
}

// selectionFlags are the flags that choose records, the same in every command.
type selectionFlags struct {
	letterFlags
	dead                      bool
	pending, acked, all       bool
	since, until, level, grep string
	from, through             uint64
	limit, last               int
}

// add defines the flags on cmd.
func (f *selectionFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.letterFlags.add(cmd)
	flags.Lookup("destination").Usage = "as this destination has them: what is pending for it, or its dead letters"
	flags.Lookup("reason").Usage += "; with --dead"
	flags.BoolVar(&f.dead, "dead", false, "dead letters, by offsets of their own, instead of the log's records")
	flags.BoolVar(&f.pending, "pending", false, "records that are not acked yet")
	flags.BoolVar(&f.acked, "acked", false, "records that are acked and still kept")
	flags.BoolVar(&f.all, "all", false, "both")
	flags.StringVar(&f.since, "since", "", "not older than this: RFC 3339, or a time ago such as 15m or 2d")
	flags.StringVar(&f.until, "until", "", "older than this, likewise")
	flags.Uint64Var(&f.from, "from", 0, "from this offset on")
	flags.Uint64Var(&f.through, "through", 0, "up to and including this offset")
	flags.StringVar(&f.level, "level", "", "at least this level: trace, debug, info, warn, error, critical, or 1 to 24")
	flags.StringVar(&f.grep, "grep", "", "regular expression that the message, or an attribute as key=value, matches")
	flags.IntVar(&f.limit, "limit", 0, "the first N of them at most")
	flags.IntVar(&f.last, "last", 0, "the last N of them at most")
	cmd.MarkFlagsMutuallyExclusive("limit", "last")
	cmd.MarkFlagsMutuallyExclusive("all", "pending")
	cmd.MarkFlagsMutuallyExclusive("all", "acked")
}

// selection reads the flags. pendingOnly is what no state flag means.
func (f *selectionFlags) selection(now time.Time, pendingOnly bool) (selection, error) {
	s := selection{
		pending: f.pending, acked: f.acked, limit: f.limit, last: f.last,
		from: wal.Offset(f.from), to: wal.Offset(f.through),
		dead: f.dead, destination: f.destination, reasons: f.reasons,
	}
	if !f.pending && !f.acked && !f.all {
		s.pending = pendingOnly || f.dead // A letter that does not wait is none any more.
	}
	errs := []error{f.check()}
	if len(f.reasons) > 0 && !f.dead {
		errs = append(errs, errors.New("--reason is for dead letters: say --dead"))
	}
	note := func(flag string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	var err error
	s.since, s.until, err = parseSpan(f.since, f.until, now)
	errs = append(errs, err)
	if f.level != "" {
		s.level, err = parseLevel(f.level)
		note("level", err)
	}
	if f.grep != "" {
		s.grep, err = regexp.Compile(f.grep)
		note("grep", err)
	}
	if f.limit < 0 || f.last < 0 {
		errs = append(errs, errors.New("--limit and --last cannot be negative"))
	}
	if f.through > 0 && f.from > f.through {
		errs = append(errs, errors.New("--from is behind --through"))
	}
	if err := errors.Join(errs...); err != nil {
		return selection{}, usage(err)
	}
	return s, nil
}

// parseSpan reads --since and --until.
func parseSpan(from, to string, now time.Time) (since, until time.Time, err error) {
	since, err = parseWhen(from, now)
	if err != nil {
		return since, until, fmt.Errorf("--since: %w", err)
	}
	if until, err = parseWhen(to, now); err != nil {
		return since, until, fmt.Errorf("--until: %w", err)
	}
	return since, until, nil
}

// parseWhen reads a time: RFC 3339, or how long ago. "" is no time.
func parseWhen(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	d, err := parseAgo(strings.TrimPrefix(s, "-"))
	if err != nil || d < 0 {
		return time.Time{}, fmt.Errorf("%q is neither a time such as 2026-01-02T15:04:05Z nor a time ago such as 15m or 2d", s)
	}
	return now.Add(-d), nil
}

// parseAgo reads a duration as Go writes it, or a number of days.
func parseAgo(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(s)
}
