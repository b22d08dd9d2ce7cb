package wal

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	tidwall "github.com/tidwall/wal"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
)

// nameLength is that of a segment's file name: its index in 20 decimal digits.
const nameLength = 20

func segmentName(index uint64) string { return fmt.Sprintf("%020d", index) }

func segmentIndex(name string) (uint64, bool) {
	if len(name) != nameLength {
		return 0, false
	}
	index, err := strconv.ParseUint(name, 10, 64)
	return index, err == nil && index > 0
}

// writer is the segment that is written. Not safe for concurrent use; thrown away
// after any error.
type writer interface {
	write(block []byte) error
	sync() error
	close() error
	size() int64 // of the file, in bytes
}

// tail is the writer over tidwall/wal. It is the only code that touches
// tidwall/wal, and it uses as little of it as can be: one log per segment, opened
// on an empty file, written, synced, closed. Its faults cannot be reached that
// way: it never parses a file (so a torn tail cannot stop it and zeros cannot
// become records), never rolls (so a failed roll cannot wedge it), never reads
// (so concurrent reads cannot panic), never truncates (so nothing is copied, and
// nothing needs space when there is none), and is thrown away after any error
// (so its memory cannot disagree with its file for long).
type tail struct {
	log   *tidwall.Log
	batch *tidwall.Batch
	next  uint64 // index of the next entry
	bytes int64  // written so far
}

// tails makes the tails of a log, one after the other. They share the memory of a
// batch, which each would have to grow anew.
type tails struct{ batch tidwall.Batch }

// noRoll is a segment size that is never reached: this package rolls by itself.
const noRoll = 1 << 30

// create makes the file of a new segment and opens it for writing. index must be
// higher than that of every segment in dir. The tail before is not used again.
func (s *tails) create(dir string, index uint64) (writer, error) {
	t := &tail{next: index, batch: &s.batch}
	f, err := fsx.Create(filepath.Join(dir, segmentName(index)))
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	err = guard(func() (err error) {
		t.log, err = tidwall.Open(dir, &tidwall.Options{
			NoSync: true, SegmentSize: noRoll, SegmentCacheSize: 1, AllowEmpty: true,
			DirPerms: fsx.DirMode, FilePerms: fsx.FileMode,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	var last uint64
	err = guard(func() (err error) { last, err = t.log.LastIndex(); return err })
	if err == nil && last != index-1 {
		err = fmt.Errorf("segment %d is not empty: another process writes here", index)
	}
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// write appends one entry.
func (t *tail) write(block []byte) error {
	t.batch.Clear()
	t.batch.Write(t.next, block)
	if err := guard(func() error { return t.log.WriteBatch(t.batch) }); err != nil {
		return err
	}
	t.next++
	t.bytes += int64(uvarintSize(uint64(len(block))) + len(block))
	return nil
}

func (t *tail) sync() error  { return guard(func() error { return t.log.Sync() }) }
func (t *tail) close() error { return guard(func() error { return t.log.Close() }) }
func (t *tail) size() int64  { return t.bytes }

// guard turns a panic of the underlying log into an error: it must fail this log,
// not the process that embeds it.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in the underlying log: %v", p)
		}
	}()
	return f()
}

func uvarintSize(n uint64) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
