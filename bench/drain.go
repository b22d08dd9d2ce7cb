package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"
	"time"
)

// The drain of a backlog: many records wait, the server is back, and what is measured
// ends when it has answered for all of them. This library's wait on the disk, and its time
// includes that the acks are stored; those of OpenTelemetry wait in memory.
//
// Both get the same HTTP transport, and begin with their first request made and held back.
// The server is a process of its own that only reads (see sink): what it costs is in the
// CPU time and the allocations of neither, but it runs on the same cores. What it has read
// is decoded after each run, and a run in which a record is missing, or came twice, fails.
const (
	drainName    = "drain"
	drainRecords = 200_000
	drainWindow  = 4 // requests at once, this library's default
)

// drainer is one way to deliver what waits.
type drainer struct {
	name  string
	keeps string // of what waits, after a kill -9
	run   func(ctx context.Context, d drain) (effort, error)
}

// drain is what a drainer works with: a directory of its own, how many records, and
// where to.
type drain struct {
	dir string
	n   int
	url string
}

func drainers() []drainer {
	gzip := otelDrain{batch: batchSize, compress: true}
	const defaultBatch = 512
	return []drainer{
		{"OTel sdk/log, batches of 1000", "nothing", gzip.backlog},
		{"OTel sdk/log, its default of 512", "nothing", otelDrain{batch: defaultBatch, compress: true}.backlog},
		{"OTel sdk/log, no compression", "nothing", otelDrain{batch: batchSize}.backlog},
		{"ledger", "everything", ledgerDrain{window: drainWindow, compression: "gzip"}.backlog},
		{"ledger, one request at a time", "everything", ledgerDrain{window: 1, compression: "gzip"}.backlog},
		{"ledger, no compression", "everything", ledgerDrain{window: drainWindow, compression: "none"}.backlog},
		{"OTel sdk/log, from the first call", "nothing", gzip.whole},
		{"ledger, from the first call", "everything", ledgerDrain{window: drainWindow, compression: "gzip"}.whole},
	}
}

// effort is what a drain took.
type effort struct {
	took, cpu time.Duration // cpu of the process that drains
	allocs    uint64
	server    time.Duration // CPU of the server
	wire      int64         // bytes of request bodies
}

// meter measures an effort.
type meter struct {
	allocs uint64
	cpu    time.Duration
	start  time.Time
}

func startMeter() meter {
	runtime.GC() // What came before does not set the pace of the collector.
	return meter{allocations(), processCPU(), time.Now()}
}

func (m meter) stop() effort {
	took := time.Since(m.start)
	return effort{took: took, cpu: processCPU() - m.cpu, allocs: allocations() - m.allocs}
}

func allocations() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.Mallocs
}

// measureDrain measures the drainers and prints the table.
func measureDrain(ctx context.Context, rounds, n int) error {
	efforts, err := drainAll(ctx, rounds, n)
	if err != nil {
		return err
	}
	return printDrain(efforts, n)
}

// drainAll lets the drainers take turns, and returns the efforts of each.
func drainAll(ctx context.Context, rounds, n int) (efforts [][]effort, err error) {
	s, err := startSink(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	all := drainers()
	efforts = make([][]effort, len(all))
	for range rounds {
		for i, v := range all {
			e, err := v.once(ctx, s, n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.name, err)
			}
			efforts[i] = append(efforts[i], e)
		}
	}
	return efforts, nil
}

func printDrain(efforts [][]effort, n int) error {
	fmt.Printf("\nthe drain of a backlog (%d rounds of %d, per record: ns until all is delivered, median, quartiles; "+
		"ratio to the first; ns of CPU, of the server's CPU, allocations, bytes of body)\n\n", len(efforts[0]), n)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variant\tmedian\tquartiles\tratio\tquartiles\tCPU\tserver\tallocations\tbytes\tsurvives kill -9")
	for i, v := range drainers() {
		per := func(of func(effort) float64) [3]float64 {
			var values []float64
			for _, e := range efforts[i] {
				values = append(values, of(e)/float64(n))
			}
			return quartiles(values)
		}
		took := per(func(e effort) float64 { return float64(e.took) })
		var ratios []float64
		for r, e := range efforts[i] {
			ratios = append(ratios, float64(e.took)/float64(efforts[0][r].took))
		}
		ratio := quartiles(ratios)
		fmt.Fprintf(w, "%s\t%.0f\t%.0f-%.0f\t%.2f\t%.2f-%.2f\t%.0f\t%.0f\t%.2f\t%.0f\t%s\n", v.name,
			took[1], took[0], took[2], ratio[1], ratio[0], ratio[2],
			per(func(e effort) float64 { return float64(e.cpu) })[1],
			per(func(e effort) float64 { return float64(e.server) })[1],
			per(func(e effort) float64 { return float64(e.allocs) })[1],
			per(func(e effort) float64 { return float64(e.wire) })[1], v.keeps)
	}
	return w.Flush()
}

// once runs a drainer in a directory of its own and makes sure that everything arrived,
// once.
func (v drainer) once(ctx context.Context, s *sink, n int) (e effort, err error) {
	dir, err := os.MkdirTemp("", "ledger-bench-*")
	if err != nil {
		return effort{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if e, err = v.run(ctx, drain{dir: dir, n: n, url: s.url}); err != nil {
		return effort{}, err
	}
	got, err := s.tally(ctx)
	if err != nil {
		return effort{}, err
	}
	if got.Records != n || got.Distinct != n {
		return effort{}, fmt.Errorf("%d records arrived, %d of them different, not %d", got.Records, got.Distinct, n)
	}
	e.wire, e.server = got.Bytes, got.CPU
	return e, nil
}
