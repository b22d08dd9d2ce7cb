package sender

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/ledger-sdk/ledger-go/wal"
)

const (
	// DefaultDestination is the name of a destination that was given none.
	DefaultDestination = "default"
	// DeadLetters is the name of the account of the log of dead letters. No destination
	// can have it.
	DeadLetters = ".dead"
	// maxSettled bounds the ranges that are stored of what was settled out of turn. What
	// is left out is sent again after a restart.
	maxSettled = 1024
)

// An Account is what the state keeps of one destination: how far it is, and what its
// server said of its limits. It is safe for concurrent use.
type Account struct {
	state *State
	name  string
}

// account is the content of an Account.
type account struct {
	checkpoint wal.Checkpoint
	counters   Counters
	learned    Learned
}

// Account returns the account of a destination, which comes to be with the first
// [Account.Save].
func (s *State) Account(name string) *Account { return &Account{s, name} }

// Destinations returns the names of the destinations that have an account, sorted.
func (s *State) Destinations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.c.accounts)), func(name string) bool { return strings.HasPrefix(name, ".") })
}

// Forget removes the account of a destination, if it has one.
func (s *State) Forget(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.c.accounts[name]; !ok {
		return nil
	}
	next := s.c
	next.accounts = maps.Clone(s.c.accounts)
	delete(next.accounts, name)
	if err := s.write(next, func(tx *bbolt.Tx) error { return dropDestination(tx, name) }); err != nil {
		return fmt.Errorf("sender: forget %s: %w", name, err)
	}
	return nil
}

func (a *Account) get() account {
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	return a.state.c.accounts[a.name]
}

// Name returns the name of the destination.
func (a *Account) Name() string { return a.name }

// Checkpoint returns what was saved last, the zero value if nothing was.
func (a *Account) Checkpoint() wal.Checkpoint { return a.get().checkpoint }

// Counters returns the saved totals over all runs of the program.
func (a *Account) Counters() Counters { return a.get().counters }

// Learned returns what was saved of the server's limits.
func (a *Account) Learned() Learned { return a.get().learned }

// Save makes a checkpoint durable and adds d to the counters, in one transaction.
// After an error the file says what it said before, or, if only the confirmation
// failed, what it was asked to say; either is safe, and Save may be called again.
//
// It refuses a checkpoint of another epoch with [ErrEpoch] and one that is behind
// the stored one with [ErrBehind]: the acked offset never moves back (W2).
func (a *Account) Save(cp wal.Checkpoint, d Counters) error {
	return a.change("save checkpoint", func(to *account) error {
		if err := a.follows(to.checkpoint, cp); err != nil {
			return err
		}
		cp.Settled = cp.Settled[:min(len(cp.Settled), maxSettled):len(cp.Settled)]
		to.checkpoint, to.counters = cp, to.counters.plus(d)
		return nil
	})
}

// AddCounters adds d to the counters and leaves the checkpoint as it is.
func (a *Account) AddCounters(d Counters) error {
	return a.change("save counters", func(to *account) error {
		to.counters = to.counters.plus(d)
		return nil
	})
}

// Learn makes durable what a server said of its limits.
func (a *Account) Learn(l Learned) error {
	return a.change("save limits", func(to *account) error {
		to.learned = l
		return nil
	})
}

// change writes the account as f leaves it.
func (a *Account) change(what string, f func(*account) error) error {
	s := a.state
	s.mu.Lock()
	defer s.mu.Unlock()
	to := s.account(a.name)
	err := f(&to)
	if err == nil {
		err = s.writeAccounts(map[string]account{a.name: to})
	}
	if err != nil {
		return fmt.Errorf("sender: %s: %w", what, err)
	}
	return nil
}

// account returns what is kept under a name, or what a new account begins with. s.mu is
// held.
func (s *State) account(name string) account {
	a, known := s.c.accounts[name]
	if !known {
		a.checkpoint.Epoch = s.c.id.Epoch
	}
	return a
}

// writeAccounts writes accounts in one transaction. s.mu is held.
func (s *State) writeAccounts(changed map[string]account) error {
	next := s.c
	next.accounts = maps.Clone(s.c.accounts)
	maps.Copy(next.accounts, changed)
	return s.write(next, func(tx *bbolt.Tx) error { return encodeAccounts(tx, changed) })
}

// follows says whether next may replace the stored checkpoint.
func (a *Account) follows(stored, next wal.Checkpoint) error {
	switch {
	case next.Epoch != a.state.c.id.Epoch:
		return fmt.Errorf("%w: %d, not %d", ErrEpoch, next.Epoch, a.state.c.id.Epoch)
	case next.Head < stored.Head:
		return fmt.Errorf("%w: %d, not %d", ErrBehind, next.Head, stored.Head)
	}
	return checkCounts(next)
}
