package main

import (
	"context"
	"encoding/binary"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tidwall/wal"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// durableTable: a call that returns only when its record survives a power cut.
func durableTable() table {
	return table{
		name: "durable", title: "one log call that waits for the disk", goroutines: []int{1, 64}, n: 4_000,
		variants: []variant{
			{"write and fdatasync, by hand", "everything", durableFile},
			{"ledger, SyncAlways", "everything", durableLedger},
			{"group commit, by hand", "everything", durableGroup},
			{"tidwall/wal, synced Write", "everything", durableTidwall},
		},
	}
}

func durableLedger(dir string, g, n int) (time.Duration, error) {
	c, err := ledger.Open(ledger.Config{
		Dir: filepath.Join(dir, "ledger"), Endpoint: "http://127.0.0.1:1", MaxRecords: 2 * n,
		Durability: ledger.SyncAlways, HTTPClient: &http.Client{Transport: refuse{}},
	})
	if err != nil {
		return 0, err
	}
	ctx, a := context.Background(), attrs()
	took := spread(g, n, func() {
		_ = c.Log(ctx, ledger.Record{Message: message, Type: ledger.TypeEndpoint, Attrs: a})
	})
	return took, c.Close()
}

// stored is about what a record takes on disk.
func stored() []byte { return make([]byte, 560) }

func durableFile(dir string, g, n int) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // What it holds is not looked at.
	var mu sync.Mutex
	var failed error
	b := stored()
	took := spread(g, n, func() {
		mu.Lock()
		defer mu.Unlock()
		if _, err := f.Write(b); err != nil {
			failed = err
		}
		if err := datasync(f); err != nil {
			failed = err
		}
	})
	return took, failed
}

func durableTidwall(dir string, g, n int) (time.Duration, error) {
	l, err := wal.Open(filepath.Join(dir, "log"), nil)
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var next uint64
	var failed error
	b := stored()
	took := spread(g, n, func() {
		mu.Lock()
		defer mu.Unlock()
		next++
		binary.LittleEndian.PutUint64(b, next)
		if err := l.Write(next, b); err != nil {
			failed = err
		}
	})
	if err := l.Close(); failed == nil {
		failed = err
	}
	return took, failed
}
