package wal

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

const testEpoch = 0xfeed

var errDisk = errors.New("input/output error")

// bench is a directory with a log in it, and the checkpoint that a state file
// would hold.
type bed struct {
	t      *testing.T
	root   string
	opts   Options
	log    *Log
	stored Checkpoint
	disk   *disk
}

func newBed(t *testing.T, o Options) *bed {
	t.Helper()
	if o.Epoch == 0 {
		o.Epoch = testEpoch
	}
	b := &bed{t: t, root: t.TempDir(), opts: o, disk: &disk{}}
	b.open()
	return b
}

func (b *bed) dir() string        { return filepath.Join(b.root, "wal") }
func (b *bed) quarantine() string { return filepath.Join(b.root, "quarantine") }

func (b *bed) open() {
	b.t.Helper()
	o := b.opts
	o.Checkpoint = b.stored
	l, err := Open(b.dir(), o)
	require.NoError(b.t, err)
	l.create = b.disk.create
	b.log = l
	b.t.Cleanup(func() { _ = l.Close() })
}

// reopen closes the log as a clean shutdown does.
func (b *bed) reopen() {
	b.t.Helper()
	require.NoError(b.t, b.log.Close())
	b.open()
}

// kill leaves the log as SIGKILL does: nothing more is written, and what the
// kernel has stays.
func (b *bed) kill() {
	b.t.Helper()
	b.log.io.Lock()
	b.log.closed = true
	b.log.io.Unlock()
	b.open()
}

// append appends n records of the given size in one run and returns the last offset.
func (b *bed) append(n, size int) Offset {
	b.t.Helper()
	r := b.run(n, size, 0)
	require.NoError(b.t, b.log.Append(r))
	return r.Last()
}

// run builds the run that follows, after skipped offsets that were evicted.
func (b *bed) run(n, size, skipped int) *Run {
	r := b.log.NewRun()
	base := b.log.Next() + Offset(skipped)
	buf := r.Buffer()
	for i := range n {
		h := frame.Header{Offset: uint64(base) + uint64(i), Time: int64(base) + int64(i), Resource: 1}
		if i == 0 {
			h.Skipped = uint32(skipped)
		}
		buf = frame.Append(buf, h, payload(base+Offset(i), size), frame.Seed(b.opts.Epoch))
	}
	r.Fill(buf, base, n, 1)
	return r
}

func (b *bed) sync() {
	b.t.Helper()
	require.NoError(b.t, b.log.Sync())
}

// read returns the offsets of everything readable after the offset after, and
// checks that each record is the one that was written there.
func (b *bed) read(after Offset) []Offset {
	b.t.Helper()
	var got []Offset
	var batch Batch
	for {
		require.NoError(b.t, b.log.Reader(0).Read(&batch, after, Limits{Records: 7}))
		if batch.Len() == 0 {
			return got
		}
		for i, e := range batch.Entries {
			require.Equal(b.t, uint64(e.Offset), binary.LittleEndian.Uint64(batch.Record(i)), "the record at its offset")
			require.Greater(b.t, e.Offset, after)
			got = append(got, e.Offset)
		}
		after = batch.Last()
	}
}

// ack settles everything up to through as a sender would, and stores the checkpoint.
func (b *bed) ack(through Offset) {
	b.t.Helper()
	b.store(b.log.Reader(0).Ack(b.pending(through)))
}

// pending returns a batch of everything that is pending up to an offset, without bytes.
func (b *bed) pending(through Offset) *Batch {
	b.t.Helper()
	var all, batch Batch
	for after := Offset(0); after < through; after = batch.Last() {
		require.NoError(b.t, b.log.Reader(0).Read(&batch, after, Limits{}))
		if batch.Len() == 0 {
			break
		}
		for _, e := range batch.Entries {
			if e.Offset <= through {
				all.Entries = append(all.Entries, e)
			}
		}
	}
	return &all
}

func (b *bed) store(c Checkpoint) {
	b.stored = c
	b.log.Reader(0).Reclaim(c)
}

// balance checks L2 and returns the stats.
func (b *bed) balance() Stats {
	b.t.Helper()
	s := b.log.Stats()
	require.Equal(b.t, uint64(s.Last), s.Delivered+s.Pending+s.Evicted+s.Lost+s.Dead, "L2: %+v", s)
	return s
}

func (b *bed) segments() []string {
	b.t.Helper()
	paths, err := segmentPaths(b.dir())
	require.NoError(b.t, err)
	var out []string
	for _, p := range paths {
		out = append(out, p.path)
	}
	return out
}

func (b *bed) quarantined() (bytes int) {
	entries, err := os.ReadDir(b.quarantine())
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	require.NoError(b.t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(b.t, err)
		bytes += int(info.Size())
	}
	return bytes
}

func payload(o Offset, size int) []byte {
	b := make([]byte, max(size, 8))
	for i := range b {
		b[i] = 'x'
	}
	binary.LittleEndian.PutUint64(b, uint64(o))
	return b
}

func offsets(from, to Offset) []Offset {
	var out []Offset
	for o := from; o <= to; o++ {
		out = append(out, o)
	}
	return out
}

// disk makes the writers of a log fail on demand.
type disk struct {
	failCreate, failWrite, failSync bool
	// short makes a failing write leave part of its bytes behind, as ENOSPC does.
	short bool
	syncs int
}

func (d *disk) create(dir string, index uint64) (writer, error) {
	if d.failCreate {
		return nil, errDisk
	}
	w, err := new(tails).create(dir, index)
	if err != nil {
		return nil, err
	}
	return &faulty{writer: w, disk: d, path: filepath.Join(dir, segmentName(index))}, nil
}

type faulty struct {
	writer
	disk *disk
	path string
	// broken stays set: after a failure the writer must not be used again (W6).
	broken bool
}

func (f *faulty) write(b []byte) error {
	if f.broken {
		panic("W6: write after a failure")
	}
	if f.disk.failWrite {
		f.broken = true
		if f.disk.short {
			w, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, _ = w.Write(append(binary.AppendUvarint(nil, uint64(len(b))), b[:len(b)/2]...))
				_ = w.Close()
			}
		}
		return errDisk
	}
	return f.writer.write(b)
}

func (f *faulty) sync() error {
	if f.broken {
		panic("W6: sync after a failure")
	}
	f.disk.syncs++
	if f.disk.failSync {
		f.broken = true
		return errDisk
	}
	return f.writer.sync()
}
