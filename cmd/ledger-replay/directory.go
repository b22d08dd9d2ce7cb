package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// directory is a ledger directory that is looked at. What it says of the state is
// what state.db said when it was opened.
type directory struct {
	path  string
	hold  hold
	state sender.Snapshot
	// known: state is there and speaks of the log that is there. Without it nothing
	// says what is acked, and the next owner sends everything.
	known    bool
	problems []problem
}

// problem is damage that was found.
type problem struct {
	Code   string `json:"code"` // stable
	Detail string `json:"detail"`
}

var errNotLedger = errors.New("is not a ledger directory: it has neither state.db nor wal")

func (d *directory) found(code, format string, args ...any) {
	d.problems = append(d.problems, problem{code, fmt.Sprintf(format, args...)})
}

// openDirectory looks at the outside of a directory: who holds it, and its state.
// It changes nothing and takes nothing (R1, R2).
func openDirectory(path string) (*directory, error) {
	d := &directory{path: path}
	if err := d.check(); err != nil {
		return nil, err
	}
	var err error
	if d.hold, err = askHold(path); err != nil {
		return nil, err
	}
	if err := d.readState(); err != nil {
		return nil, err
	}
	return d, nil
}

// check refuses what is no ledger directory: a typing error must not read like an
// empty log.
func (d *directory) check() error {
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "open", Path: d.path, Err: errors.New("is not a directory")}
	}
	for _, name := range []string{"state.db", "wal"} {
		if _, err := os.Lstat(filepath.Join(d.path, name)); err == nil {
			return nil
		}
	}
	return &fs.PathError{Op: "open", Path: d.path, Err: errNotLedger}
}

func (d *directory) readState() error {
	state, err := sender.ReadState(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.found("state_missing", "state.db is missing: nothing says what was delivered")
		return nil
	case errors.Is(err, sender.ErrDamaged):
		d.found("state_damaged", "state.db is damaged: nothing says what was delivered")
		return nil
	case err != nil:
		return err
	}
	d.state = state
	epoch, err := wal.PeekEpoch(d.walDir())
	if err != nil {
		return err
	}
	if d.known = epoch == 0 || epoch == state.Identity.Epoch; !d.known {
		d.found("state_foreign", "state.db is of another log: nothing says what was delivered")
	}
	return nil
}

// damaged notes what a walk over the records has found broken.
func (d *directory) damaged(s wal.Summary) {
	if s.DamagedBytes > 0 {
		d.found("damaged_bytes", "%s of the log fail their checksum", count(s.DamagedBytes, "byte"))
	}
	if s.ForeignBytes > 0 {
		d.found("foreign_bytes", "%s in the log belong to another log", count(s.ForeignBytes, "byte"))
	}
}

// damagedLetters does the same for the dead letters. All of them may be of another log.
func (d *directory) damagedLetters(s wal.Summary) {
	if s.DamagedBytes > 0 {
		d.found("damaged_letters", "%s of the dead letters fail their checksum", count(s.DamagedBytes, "byte"))
	}
	foreign := s.ForeignBytes
	if d.known && s.Epoch != 0 && s.Epoch != d.state.Identity.Epoch {
		foreign = s.Bytes
	}
	if foreign > 0 {
		d.found("foreign_letters", "%s of the dead letters belong to another log", count(foreign, "byte"))
	}
}

// verdict reports the problems to a person and returns the error for the exit
// code, nil if there are none.
func (d *directory) verdict(u ui) error {
	for _, p := range d.problems {
		u.warn("%s", p.Detail)
	}
	if len(d.problems) > 0 {
		return &exitError{code: exitDamage}
	}
	return nil
}
