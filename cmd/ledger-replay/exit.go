package main

import (
	"context"
	"errors"

	"github.com/ledger-sdk/ledger-go/sender"
)

// Exit codes. They are a promise to scripts: none ever changes its meaning.
const (
	exitOK          = 0
	exitRuntime     = 1
	exitUsage       = 2
	exitDamage      = 3
	exitPartial     = 4
	exitLocked      = 5
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0    done
  1    an error at run time
  2    wrong usage, or a confirmation that was not given
  3    done, and damage was found
  4    not everything was delivered
  5    the directory is in use by another process (redrive needs it for itself)
  130  interrupted
`

// exitError carries an exit code. A nil err means that all was said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage makes err a mistake of the caller.
func usage(err error) error { return &exitError{exitUsage, err} }

// exitCode says what the program ends with. Before a command has begun, errors can
// only come from the command line.
func exitCode(err error, begun bool) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &e):
		return e.code
	case !begun:
		return exitUsage
	case errors.Is(err, sender.ErrLocked):
		return exitLocked
	}
	return exitRuntime
}
