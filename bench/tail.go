package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// The tail of a log call: what the slowest of ten thousand callers wait while records
// are spilled, synced and written back, and while space is reclaimed. One goroutine
// sleeps for a millisecond, as one that serves requests does, and then logs tailBurst
// records. One that never sleeps would be preempted, and measure that.
const (
	tailBurst = 20
	tailName  = "tail"
)

type pacer struct {
	name string
	// open returns what logs one record, and what closes it.
	open func(dir string) (log func(), closed func() error, err error)
}

// measureTail prints the quantiles of each variant over all rounds.
func measureTail(rounds int, each time.Duration) error {
	fmt.Printf("\ntail of a log call (%d rounds of %v, %d records each millisecond; ns)\n\n", rounds, each, tailBurst)
	variants := []pacer{
		{"nothing, the clock alone", func(string) (func(), func() error, error) { return func() {}, func() error { return nil }, nil }},
		{"ledger", tailLedger(ledger.Config{})},
		{"ledger, evicting and reclaiming", tailLedger(ledger.Config{MaxRecords: 10_000, MaxBytes: 4 << 20})},
		{"zap JSON, buffered file", tailZap},
	}
	took := make([][]int64, len(variants))
	for range rounds {
		for i, v := range variants {
			if err := v.round(each, &took[i]); err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variant\tp50\tp99\tp99.9\tp99.99\tmost")
	for i, v := range variants {
		slices.Sort(took[i])
		at := func(share float64) int64 { return took[i][int(share*float64(len(took[i])-1))] }
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\n", v.name, at(0.5), at(0.99), at(0.999), at(0.9999), at(1))
	}
	return w.Flush()
}

// round logs for a while and notes how long each call took.
func (v pacer) round(each time.Duration, took *[]int64) (err error) {
	dir, err := os.MkdirTemp("", "ledger-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log, closed, err := v.open(dir)
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	n := int(each / time.Millisecond)
	*took = slices.Grow(*took, n*tailBurst)
	for range n {
		<-tick.C
		for range tailBurst {
			before := time.Now()
			log()
			*took = append(*took, time.Since(before).Nanoseconds())
		}
	}
	return closed()
}

func tailLedger(cfg ledger.Config) func(dir string) (func(), func() error, error) {
	return func(dir string) (func(), func() error, error) {
		cfg := cfg
		cfg.Dir, cfg.Endpoint = filepath.Join(dir, "ledger"), "http://127.0.0.1:1"
		cfg.HTTPClient = &http.Client{Transport: refuse{}}
		if cfg.MaxRecords == 0 {
			cfg.MaxRecords = 10_000_000
		}
		c, err := ledger.Open(cfg)
		if err != nil {
			return nil, nil, err
		}
		ctx, a := context.Background(), attrs()
		return func() {
			_ = c.Log(ctx, ledger.Record{Message: message, Type: ledger.TypeEndpoint, Attrs: a})
		}, c.Close, nil
	}
}

func tailZap(dir string) (func(), func() error, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, nil, err
	}
	log, fields, buffered := zapLogger(f)
	return func() { log.Info(message, fields...) }, func() error { return errors.Join(buffered.Stop(), f.Close()) }, nil
}

// zapLogger returns a logger to a buffered file, and the attributes for it.
func zapLogger(f *os.File) (*zap.Logger, []zap.Field, *zapcore.BufferedWriteSyncer) {
	buffered := &zapcore.BufferedWriteSyncer{WS: f, Size: 256 << 10}
	var fields []zap.Field
	for _, a := range attrs() {
		fields = append(fields, zap.Any(a.Key, a.Value.Any()))
	}
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), buffered, zap.InfoLevel)), fields, buffered
}
