package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"time"

	tidwall "github.com/tidwall/wal"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/wal"
)

const (
	epoch     = 0xbe7c4
	batchSize = 1000
	// recordSize is what the record of the capture table takes in its final form.
	recordSize = 560
)

// batchTable: records made durable a thousand at a time, as the spill does. The first
// variant is what the disk can do.
func batchTable() table {
	return table{
		name: "batch", title: "durable batches of 1000 records", goroutines: []int{1}, n: 100_000,
		variants: []variant{
			{"write and fdatasync, by hand", "everything", batchFile},
			{"ledger wal, Append and Sync", "everything", batchLedger},
			{"tidwall/wal, an entry per batch", "everything", batchTidwall},
			{"tidwall/wal, an entry per record", "everything", batchTidwallRecords},
		},
	}
}

// batches does f for each batch and returns how long that took.
func batches(n int, f func(count int) error) (time.Duration, error) {
	start := time.Now()
	for left := n; left > 0; left -= batchSize {
		if err := f(min(left, batchSize)); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

func batchFile(dir string, _, n int) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // What it holds is not looked at.
	b := make([]byte, batchSize*frame.Size(recordSize))
	return batches(n, func(count int) error {
		if _, err := f.Write(b[:count*frame.Size(recordSize)]); err != nil {
			return err
		}
		return datasync(f)
	})
}

func batchLedger(dir string, _, n int) (time.Duration, error) {
	l, err := wal.Open(filepath.Join(dir, "wal"), wal.Options{Epoch: epoch})
	if err != nil {
		return 0, err
	}
	frames := block(l.Next(), batchSize)
	took, err := batches(n, func(count int) error {
		if err := appendRun(l, frames, count); err != nil {
			return err
		}
		return l.Sync()
	})
	if err != nil {
		return 0, err
	}
	return took, l.Close()
}

// block returns the frames of a batch. What they hold is not looked at while they are
// written, so one block serves for all.
func block(from wal.Offset, count int) []byte {
	var b []byte
	payload := make([]byte, recordSize)
	for i := range count {
		binary.LittleEndian.PutUint64(payload, uint64(from)+uint64(i))
		b = frame.Append(b, frame.Header{Offset: uint64(from) + uint64(i), Time: 1, Resource: 1}, payload, frame.Seed(epoch))
	}
	return b
}

// appendRun appends count frames at the log's next offset.
func appendRun(l *wal.Log, frames []byte, count int) error {
	r := l.NewRun()
	r.Fill(append(r.Buffer(), frames[:count*frame.Size(recordSize)]...), l.Next(), count, 1)
	return l.Append(r)
}

func batchTidwall(dir string, _, n int) (time.Duration, error) {
	l, err := tidwall.Open(filepath.Join(dir, "log"), &tidwall.Options{NoSync: true, SegmentSize: 1 << 20})
	if err != nil {
		return 0, err
	}
	b := make([]byte, batchSize*frame.Size(recordSize))
	next := uint64(0)
	took, err := batches(n, func(count int) error {
		next++
		if err := l.Write(next, b[:count*frame.Size(recordSize)]); err != nil {
			return err
		}
		return l.Sync()
	})
	if err != nil {
		return 0, err
	}
	return took, l.Close()
}

func batchTidwallRecords(dir string, _, n int) (time.Duration, error) {
	l, err := tidwall.Open(filepath.Join(dir, "log"), &tidwall.Options{NoSync: true, SegmentSize: 1 << 20})
	if err != nil {
		return 0, err
	}
	record := make([]byte, frame.Size(recordSize))
	next := uint64(0)
	var batch tidwall.Batch
	took, err := batches(n, func(count int) error {
		batch.Clear()
		for range count {
			next++
			batch.Write(next, record)
		}
		if err := l.WriteBatch(&batch); err != nil {
			return err
		}
		return l.Sync()
	})
	if err != nil {
		return 0, err
	}
	return took, l.Close()
}
