package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// variant is one way to do the work of a table.
type variant struct {
	name string
	// keeps says what of its records survives a kill -9 of the process.
	keeps string
	// run does the work n times on g goroutines in dir, which is its own and empty,
	// and returns the time that took.
	run func(dir string, g, n int) (time.Duration, error)
}

// table is a comparison: the same work, done by each variant.
type table struct {
	name, title string
	goroutines  []int
	n           int
	variants    []variant
}

func main() {
	ctx := context.Background()
	done, err := sinkMain(ctx)
	if !done {
		err = run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	only := flag.String("run", "", "name of the one `table` to measure: "+names())
	rounds := flag.Int("rounds", 9, "rounds in which every variant has its turn")
	flag.Parse()
	found := false
	for _, t := range tables() {
		if *only != "" && *only != t.name {
			continue
		}
		found = true
		if err := t.measure(max(*rounds, 1)); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if *only == "" || *only == tailName {
		found = true
		if err := measureTail(max(*rounds, 1), 3*time.Second); err != nil {
			return fmt.Errorf("%s: %w", tailName, err)
		}
	}
	if *only == "" || *only == drainName {
		found = true
		if err := measureDrain(ctx, max(*rounds, 1), drainRecords); err != nil {
			return fmt.Errorf("%s: %w", drainName, err)
		}
	}
	if *only == "" || *only == httpName {
		found = true
		if err := measureHTTP(max(*rounds, 1), time.Second); err != nil {
			return fmt.Errorf("%s: %w", httpName, err)
		}
	}
	if !found {
		return fmt.Errorf("no table is named %q", *only)
	}
	return nil
}

// tables are the comparisons, but for the tail, the drain and http, which are measured in other ways.
func tables() []table {
	return []table{captureTable(), durableTable(), batchTable(), reclaimTable(), openTable()}
}

func names() string {
	var all []string
	for _, t := range tables() {
		all = append(all, t.name)
	}
	return strings.Join(append(all, tailName, drainName, httpName), ", ")
}

// measure lets the variants take turns and prints the table.
func (t table) measure(rounds int) error {
	fmt.Printf("\n%s (%d rounds of %d, ns per record: median, quartiles; ratio to the first)\n\n", t.title, rounds, t.n)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "goroutines\tvariant\tmedian\tquartiles\tratio\tquartiles\tsurvives kill -9")
	for _, g := range t.goroutines {
		cost := make([][]float64, len(t.variants))
		for range rounds {
			for i, v := range t.variants {
				took, err := once(v, g, t.n)
				if err != nil {
					return fmt.Errorf("%s: %w", v.name, err)
				}
				cost[i] = append(cost[i], float64(took.Nanoseconds())/float64(t.n))
			}
		}
		for i, v := range t.variants {
			ratio := make([]float64, rounds)
			for r := range ratio {
				ratio[r] = cost[i][r] / cost[0][r]
			}
			c, q := quartiles(cost[i]), quartiles(ratio)
			fmt.Fprintf(w, "%d\t%s\t%.0f\t%.0f-%.0f\t%.2f\t%.2f-%.2f\t%s\n", g, v.name, c[1], c[0], c[2], q[1], q[0], q[2], v.keeps)
		}
	}
	return w.Flush()
}

// once runs a variant in a directory of its own.
func once(v variant, g, n int) (took time.Duration, err error) {
	dir, err := os.MkdirTemp("", "ledger-bench-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return v.run(dir, g, n)
}

// quartiles returns the first, the second (the median) and the third.
func quartiles[T cmp.Ordered](values []T) [3]T {
	s := slices.Sorted(slices.Values(values))
	at := func(share float64) T { return s[int(share*float64(len(s)-1)+0.5)] }
	return [3]T{at(0.25), at(0.5), at(0.75)}
}
