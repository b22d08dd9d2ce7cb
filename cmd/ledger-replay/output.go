package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// schemaVersion is in every JSON document but that of status, which has statusVersion.
// A version changes when a field changes its meaning or goes, and does not when one is
// added.
const (
	schemaVersion = 1
	// statusVersion 2: what had been one destination's (records, oldest_pending,
	// counters) moved into destinations, and dead_letters came.
	statusVersion = 2
)

// outputFlag is -o with the forms that a command knows, the first being the
// default, and --json for the last, which is JSON.
type outputFlag struct {
	forms []string
	form  string
	json  bool
}

func (f *outputFlag) add(cmd *cobra.Command, forms ...string) {
	f.forms = forms
	cmd.Flags().StringVarP(&f.form, "output", "o", forms[0], "form of the output: "+strings.Join(forms, " or "))
	cmd.Flags().BoolVar(&f.json, "json", false, "the same as -o "+forms[len(forms)-1])
	cmd.MarkFlagsMutuallyExclusive("output", "json")
}

// isJSON reads the flag: whether the output is JSON.
func (f *outputFlag) isJSON() (bool, error) {
	if !slices.Contains(f.forms, f.form) {
		return false, usage(fmt.Errorf("--output is %q, not %s", f.form, strings.Join(f.forms, " or ")))
	}
	return f.json || f.form == f.forms[len(f.forms)-1], nil
}

// document writes one JSON document to standard output.
func (u ui) document(v any) error {
	b, err := appendJSON(nil, v, "  ")
	if err != nil {
		return err
	}
	_, err = u.out.Write(b)
	return err
}
