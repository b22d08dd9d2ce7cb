package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// table writes results as columns, or as Markdown.
func table(out io.Writer, results []result, markdown bool) error {
	rows := [][]string{{
		"server", "policy", "peak, 1 s", "peak, 10 s", "goodput to 95%", "to 100%", "95% in", "100% in", "refused",
	}}
	for i := range results {
		rows = append(rows, results[i].row())
	}
	if markdown {
		return writeMarkdown(out, rows)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

func (r *result) row() []string {
	return []string{
		fmt.Sprintf("%.0f/s, %s", r.capacity, r.mode),
		r.policy.name,
		fmt.Sprintf("%.2fx", r.peak1),
		fmt.Sprintf("%.2fx", r.peak10),
		r.most.share(), r.all.share(),
		r.most.time(), r.all.time(),
		thousands(r.refused),
	}
}

func (d drained) share() string {
	if d.after == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*d.goodput)
}

func (d drained) time() string {
	if d.after == 0 {
		return fmt.Sprintf("not in %v", patience)
	}
	return d.after.Round(time.Second).String()
}

func writeMarkdown(out io.Writer, rows [][]string) error {
	for i, row := range rows {
		if _, err := fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | ")); err != nil {
			return err
		}
		if i == 0 {
			rule := "| --- | --- " + strings.Repeat("| ---: ", len(row)-2) + "|"
			if _, err := fmt.Fprintln(out, rule); err != nil {
				return err
			}
		}
	}
	return nil
}
