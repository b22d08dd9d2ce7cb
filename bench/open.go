package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/wal"
)

// openTable: opening a log with a million records that wait. The first variant reads
// the bytes and sums them up, which is the least that verifying them can take.
func openTable() table {
	return table{
		name: "open", title: "opening a log, per pending record of 592 bytes", goroutines: []int{1}, n: 1_000_000,
		variants: []variant{
			{"read and CRC-32C, by hand", "-", openFiles},
			{"ledger wal, Open", "-", openLedger},
		},
	}
}

// fill writes n records without waiting for the disk.
func fill(dir string, n int) error {
	l, err := wal.Open(dir, wal.Options{Epoch: epoch, NoSync: true})
	if err != nil {
		return err
	}
	for left := n; left > 0; left -= batchSize {
		count := min(left, batchSize)
		if err := appendRun(l, block(l.Next(), count), count); err != nil {
			return err
		}
	}
	if err := l.Close(); err != nil {
		return err
	}
	return settle(dir)
}

func openFiles(dir string, _, n int) (time.Duration, error) {
	if err := fill(dir, n); err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	var buf []byte
	var sum uint32
	start := time.Now()
	for _, e := range entries {
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			return 0, err
		}
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		buf = append(buf[:0], make([]byte, info.Size())...)
		if _, err := f.ReadAt(buf, 0); err != nil {
			return 0, err
		}
		for b := buf; len(b) > 0; {
			n := min(len(b), frame.Size(recordSize))
			sum ^= crc32.Checksum(b[:n], table)
			b = b[n:]
		}
		if err := f.Close(); err != nil {
			return 0, err
		}
	}
	took := time.Since(start)
	runtime.KeepAlive(sum)
	return took, nil
}

// openLedger also holds Open to its bound: what it allocates in all is a few
// segments' worth, however much waits.
func openLedger(dir string, _, n int) (time.Duration, error) {
	if err := fill(dir, n); err != nil {
		return 0, err
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	l, err := wal.Open(dir, wal.Options{Epoch: epoch})
	took := time.Since(start)
	if err != nil {
		return 0, err
	}
	runtime.ReadMemStats(&after)
	if pending := l.Stats().Pending; pending != uint64(n) {
		return 0, fmt.Errorf("%d records found, not %d", pending, n)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		return 0, fmt.Errorf("opening allocated %d bytes", got)
	}
	return took, l.Close()
}
