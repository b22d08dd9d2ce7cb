package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// What a served request costs more because it is recorded. The handler is called
// directly, with a writer that has what net/http's has, which shows microseconds; and by
// a client over loopback, which shows what is left of them there. As in the tail of a
// log call, one goroutine sleeps for a millisecond and then makes httpBurst requests.
const (
	httpName  = "http"
	httpBurst = 10
)

// served is one way to serve a request.
type served struct {
	name string
	// open returns the middleware, and what closes it.
	open func(dir string) (wrapper, func() error, error)
}

// figures are those of one round.
type figures struct{ p50, p99, p999, allocs float64 }

// measureHTTP prints the quantiles of each variant, and what they are above the first's
// in the same round.
func measureHTTP(rounds int, each time.Duration) error {
	for _, way := range []struct {
		title string
		run   func(wrapper, time.Duration) ([]int64, error)
	}{
		{"a served request, the handler alone", callDirectly},
		{"a served request, seen by a client over loopback", callOverLoopback},
	} {
		variants := httpVariants()
		all := make([][]figures, len(variants))
		for range rounds {
			for i, v := range variants {
				f, err := v.round(way.run, each)
				if err != nil {
					return fmt.Errorf("%s: %w", v.name, err)
				}
				all[i] = append(all[i], f)
			}
		}
		fmt.Printf("\n%s (%d rounds of %v, %d requests each millisecond; us: median over the rounds; above the first, with quartiles)\n\n",
			way.title, rounds, each, httpBurst)
		if err := printHTTP(variants, all); err != nil {
			return err
		}
	}
	return nil
}

func printHTTP(variants []served, all [][]figures) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variant\tp50\tabove\tp99\tabove\tp99.9\tabove\tallocations above")
	for i, v := range variants {
		fmt.Fprint(w, v.name)
		for _, of := range []func(figures) float64{
			func(f figures) float64 { return f.p50 }, func(f figures) float64 { return f.p99 }, func(f figures) float64 { return f.p999 },
		} {
			var value, above []float64
			for r, f := range all[i] {
				value = append(value, of(f))
				above = append(above, of(f)-of(all[0][r]))
			}
			q, a := quartiles(value), quartiles(above)
			fmt.Fprintf(w, "\t%.2f\t%.2f (%.2f to %.2f)", q[1], a[1], a[0], a[2])
		}
		var allocs []float64
		for r, f := range all[i] {
			allocs = append(allocs, f.allocs-all[0][r].allocs)
		}
		fmt.Fprintf(w, "\t%.0f\n", quartiles(allocs)[1])
	}
	return w.Flush()
}

// round serves for a while.
func (v served) round(run func(wrapper, time.Duration) ([]int64, error), each time.Duration) (f figures, err error) {
	dir, err := os.MkdirTemp("", "ledger-bench-*")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	wrap, closed, err := v.open(dir)
	if err != nil {
		return f, err
	}
	runtime.GC() // The garbage of the variant before is not collected at the cost of this one.
	allocs := mallocs(wrap)
	took, err := run(wrap, each)
	if err = errors.Join(err, closed()); err != nil {
		return f, err
	}
	slices.Sort(took)
	at := func(share float64) float64 { return float64(took[int(share*float64(len(took)-1))]) / 1e3 }
	return figures{at(0.5), at(0.99), at(0.999), allocs}, nil
}

// paced calls f httpBurst times each millisecond, and returns what it measured.
func paced(each time.Duration, f func() (int64, error)) ([]int64, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	n := int(cmp.Or(each/time.Millisecond, 1))
	took := make([]int64, 0, n*httpBurst)
	for range n {
		<-tick.C
		for range httpBurst {
			t, err := f()
			if err != nil {
				return nil, err
			}
			took = append(took, t)
		}
	}
	return took, nil
}

// mallocs returns how many allocations a request makes, those of the library's own goroutines
// included.
func mallocs(wrap wrapper) float64 {
	const n = 2000
	h, w, r := wrap(application()), new(direct), request()
	call := func() {
		w.reset()
		h.ServeHTTP(w, r)
	}
	warm(n, call)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	warm(n, call)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / n
}
