package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/fsx"
	"github.com/ledger-sdk/ledger-go/wal"
)

// reclaimTable: giving back the space of what a server has. A record here is a
// segment of one mebibyte.
func reclaimTable() table {
	return table{
		name: "reclaim", title: "giving back the space of a segment of 1 MiB", goroutines: []int{1}, n: 200,
		variants: []variant{
			{"unlink and one sync of the directory, by hand", "-", reclaimFiles},
			{"ledger wal, Reclaim and Maintain", "-", reclaimLedger},
		},
	}
}

func reclaimFiles(dir string, _, n int) (time.Duration, error) {
	b := make([]byte, 1<<20)
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), b, 0o600); err != nil {
			return 0, err
		}
	}
	if err := settle(dir); err != nil {
		return 0, err
	}
	start := time.Now()
	for i := range n {
		if err := os.Remove(filepath.Join(dir, strconv.Itoa(i))); err != nil {
			return 0, err
		}
	}
	err := fsx.SyncDir(dir)
	return time.Since(start), err
}

func reclaimLedger(dir string, _, n int) (time.Duration, error) {
	dir = filepath.Join(dir, "wal")
	l, err := wal.Open(dir, wal.Options{Epoch: epoch})
	if err != nil {
		return 0, err
	}
	perBlock := (1 << 20) / frame.Size(recordSize)
	for range n {
		if err := appendRun(l, block(l.Next(), perBlock+1), perBlock+1); err != nil {
			return 0, err
		}
	}
	if err := l.Sync(); err != nil {
		return 0, err
	}
	if err := settle(dir); err != nil {
		return 0, err
	}
	before := l.Stats().Segments
	l.Reader(0).Evict(uint64(l.Synced()))
	start := time.Now()
	l.Reader(0).Reclaim(l.Reader(0).Checkpoint())
	l.Maintain()
	took := time.Since(start)
	if gone := before - l.Stats().Segments; gone != n {
		return 0, fmt.Errorf("%d segments gone, not %d", gone, n)
	}
	return took, l.Close()
}

// settle has everything written back, so that neither variant pays for it.
func settle(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := fsx.Sync(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return fsx.SyncDir(dir)
}
