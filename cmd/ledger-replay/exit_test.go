package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/sender"
)

func TestExitCodes(t *testing.T) {
	boom := errors.New("boom")
	for name, tt := range map[string]struct {
		err   error
		begun bool
		want  int
	}{
		"done":                        {nil, true, 0},
		"error":                       {boom, true, 1},
		"error of the command line":   {boom, false, 2},
		"usage found in a command":    {usage(boom), true, 2},
		"damage":                      {&exitError{code: exitDamage}, true, 3},
		"partial":                     {fmt.Errorf("x: %w", &exitError{code: exitPartial}), true, 4},
		"locked":                      {fmt.Errorf("x: %w", &sender.LockedError{}), true, 5},
		"interrupted":                 {fmt.Errorf("x: %w", context.Canceled), true, 130},
		"interrupted beats the rest":  {errors.Join(&exitError{code: exitPartial}, context.Canceled), true, 130},
		"an error beats what is less": {errors.Join(boom, nil), true, 1},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, exitCode(tt.err, tt.begun)) })
	}
}

func TestHelpNamesEveryExitCode(t *testing.T) {
	for _, code := range []int{exitOK, exitRuntime, exitUsage, exitDamage, exitPartial, exitLocked, exitInterrupted} {
		assert.Regexp(t, fmt.Sprintf(`(?m)^  %d +\S`, code), exitHelp)
	}
}
