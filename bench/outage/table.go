package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
)

// titles tell what the outages are.
func titles() map[outage]string {
	return map[outage]string{
		refused:     "Connections refused",
		unavailable: "Every request answered with 503",
		killed:      "Connections refused, and a SIGKILL of the logging process halfway",
	}
}

// writeText prints a line per run.
func writeText(out io.Writer, results []result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "outage\tdown, rate\tlibrary\tlogged\tlost\tof those in the outage\tduplicates\trefused with an error\tdelivered by the next process")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.scenario.outage, r.scenario.load(), r.peer,
			count(r.emitted), count(r.lost), percent(r), count(r.duplicates), count(r.refused), count(r.late))
	}
	return w.Flush()
}

// writeMarkdown prints a table per outage with what was lost, and one with the rest.
func writeMarkdown(out io.Writer, results []result) {
	var kinds []outage
	var loads, names []string
	sums := map[string]result{}
	cells := map[[3]string]string{}
	for _, r := range results {
		kinds = addNew(kinds, r.scenario.outage)
		loads = addNew(loads, r.scenario.load())
		names = addNew(names, r.peer)
		sums[r.peer] = sums[r.peer].add(r)
		cell := count(r.lost)
		if r.lost > 0 {
			cell += " (" + percent(r) + ")"
		}
		cells[[3]string{string(r.scenario.outage), r.scenario.load(), r.peer}] = cell
	}
	for _, kind := range kinds {
		fmt.Fprintf(out, "\n%s. Records lost, and the share of those logged during the outage:\n\n", titles()[kind])
		writeHeader(out, append([]string{"library"}, loads...))
		for _, name := range names {
			row := []string{name}
			for _, load := range loads {
				row = append(row, cells[[3]string{string(kind), load, name}])
			}
			writeRow(out, row)
		}
	}
	fmt.Fprint(out, "\nAll runs of a library together:\n\n")
	writeHeader(out, []string{"library", "logged", "lost", "duplicates", "refused with an error", "delivered by the next process"})
	for _, name := range names {
		r := sums[name]
		writeRow(out, []string{
			name, count(r.emitted), count(r.lost), count(r.duplicates), count(r.refused), count(r.late),
		})
	}
}

func writeHeader(out io.Writer, cells []string) {
	writeRow(out, cells)
	rule := []string{"---"}
	for range cells[1:] {
		rule = append(rule, "---:")
	}
	writeRow(out, rule)
}

func writeRow(out io.Writer, cells []string) {
	for _, cell := range cells {
		fmt.Fprintf(out, "| %s ", cell)
	}
	fmt.Fprintln(out, "|")
}

func addNew[T comparable](all []T, v T) []T {
	if slices.Contains(all, v) {
		return all
	}
	return append(all, v)
}

// percent is the share of what was emitted during the outage that was lost. It is not
// rounded to 0 or 100 unless it is that.
func percent(r result) string {
	switch {
	case r.lostInIt == 0:
		return "0%"
	case r.lostInIt == r.inOutage:
		return "100%"
	}
	return fmt.Sprintf("%d%%", min(99, max(1, int(100*r.share()+0.5))))
}

// count writes 59407 as 59,407.
func count(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return count(n/1000) + fmt.Sprintf(",%03d", n%1000)
}
