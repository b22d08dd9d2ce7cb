package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// account is what the state says of a destination.
type account struct {
	name string
	sender.AccountSnapshot
}

// known reports whether the account speaks of a log at all.
func (a *account) known() bool { return a.Checkpoint.Epoch != 0 }

// accounts returns those of the destinations, by name. There is one at least: the log's
// next owner has one, whether or not anything is known of it yet.
func (d *directory) accounts() []account {
	var out []account
	for _, name := range slices.Sorted(maps.Keys(d.state.Accounts)) {
		if d.known && !strings.HasPrefix(name, ".") {
			out = append(out, account{name, d.state.Accounts[name]})
		}
	}
	if len(out) > 0 {
		return out
	}
	one := account{name: sender.DefaultDestination}
	if d.known { // Nothing was acked ever: the first record is still to come, or to go.
		one.Checkpoint.Epoch = d.state.Identity.Epoch
	}
	return []account{one}
}

// account returns that of one destination.
func (d *directory) account(name string) (account, error) {
	var names []string
	for _, a := range d.accounts() {
		if a.name == name {
			return a, nil
		}
		names = append(names, a.name)
	}
	return account{}, usage(fmt.Errorf("--destination is %q, of which nothing is known; there is %s", name, strings.Join(names, ", ")))
}

// deadCheckpoint is that of the dead letters, the zero value if nothing is known.
func (d *directory) deadCheckpoint() wal.Checkpoint {
	if !d.known {
		return wal.Checkpoint{}
	}
	return d.state.Accounts[sender.DeadLetters].Checkpoint
}

// journal is one of the logs of a directory: that of the records, or that of the dead
// letters. What is settled in it is settled for all of its readers that are meant.
type journal struct {
	dir     string
	letters bool
	cps     []wal.Checkpoint
}

// records is the log of the records, as one destination sees it or, if name is "", all
// of them together do.
func (d *directory) records(name string) (journal, error) {
	j := journal{dir: d.walDir()}
	all := d.accounts()
	if name != "" {
		one, err := d.account(name)
		if err != nil {
			return j, err
		}
		all = []account{one}
	}
	for _, a := range all {
		j.cps = append(j.cps, a.Checkpoint)
	}
	return j, nil
}

// deadLetters is the log of the dead letters.
func (d *directory) deadLetters() journal {
	return journal{dir: d.deadDir(), letters: true, cps: []wal.Checkpoint{d.deadCheckpoint()}}
}

// settled reports whether nothing is left to do for an offset.
func (j *journal) settled(o wal.Offset) bool {
	for i := range j.cps {
		if !settles(&j.cps[i], o) {
			return false
		}
	}
	return true
}

// end returns an offset after which nothing is settled.
func (j *journal) end() wal.Offset {
	end := ^wal.Offset(0)
	for _, cp := range j.cps {
		last := cp.Head
		if n := len(cp.Settled); n > 0 {
			last = cp.Settled[n-1].To
		}
		end = min(end, last)
	}
	return end
}

// walk is wal.Walk over the journal, ended by ctx.
func (j *journal) walk(ctx context.Context, fn func(wal.Found) error) (wal.Summary, error) {
	return wal.Walk(j.dir, func(f wal.Found) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return fn(f)
	})
}

func (d *directory) walDir() string { return filepath.Join(d.path, "wal") }

func (d *directory) deadDir() string { return filepath.Join(d.path, "dead") }
