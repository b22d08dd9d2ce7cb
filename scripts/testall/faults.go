package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// faultKey is the test attribute with which a test says what it has shown: the fault,
// " | ", and its counts.
const faultKey = "fault"

// faultRows are the faults of docs/durability.md in the order in which they are printed.
var faultRows = [...]string{
	"SIGKILL at any moment", "SIGKILL at every system call", "power cut", "torn tail", "bit flips",
	"segments and leftovers", "state.db", "disk full", "EIO", "two processes", "clock, volume, wrap", "format",
}

// faults collects what the tests have shown, by fault.
type faults map[string][]string

func (f faults) add(value string) {
	row, counts, _ := strings.Cut(value, " | ")
	f[row] = append(f[row], counts)
}

// write writes one line per fault. With all set it also names the faults that no test
// told of.
func (f faults) write(w io.Writer, all bool) {
	if len(f) == 0 && !all {
		return
	}
	rows := faultRows[:]
	for _, row := range slices.Sorted(maps.Keys(f)) {
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		switch counts := f[row]; {
		case len(counts) > 0:
			slices.Sort(counts)
			fmt.Fprintf(t, "%s\t%s\n", row, strings.Join(counts, "; "))
		case all:
			fmt.Fprintf(t, "%s\tnothing was shown: see what was skipped\n", row)
		}
	}
	_ = t.Flush()
}
