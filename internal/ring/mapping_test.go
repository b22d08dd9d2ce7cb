//go:build unix

package ring_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/ring"
)

func mapRing(t *testing.T, path string, size int, next uint64) *ring.Ring {
	t.Helper()
	r, err := ring.Map(path, size, ring.Config{Epoch: epoch, Resource: 5, Next: next})
	require.NoError(t, err)
	require.True(t, r.Stats().Mapped)
	t.Cleanup(func() { _ = r.Unmap() })
	return r
}

// left returns the offsets of the records that the file at path gives up, checked.
func left(t *testing.T, path string, next uint64) ([]uint64, ring.Leftover) {
	t.Helper()
	l, err := ring.ReadLeftover(path, epoch, next)
	require.NoError(t, err)
	var got []uint64
	for _, run := range l.Runs {
		b := run.Frames
		for i := range run.Count {
			h, payload, ok := frame.Parse(b, frame.Seed(epoch))
			require.True(t, ok)
			require.Equal(t, run.Base+uint64(i), h.Offset)
			require.Equal(t, h.Offset, binary.LittleEndian.Uint64(payload), "the record of its offset")
			got = append(got, h.Offset)
			b = b[frame.Size(len(payload)):]
		}
	}
	return got, l
}

func numbers(from, to uint64) []uint64 {
	var out []uint64
	for o := from; o <= to; o++ {
		out = append(out, o)
	}
	return out
}

// What was admitted is in the file the moment Push returns: reading the file is
// what the next process does after a kill.
func TestAdmittedRecordsAreInTheFile_W3(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	r := mapRing(t, path, 4096, 1)
	var log uint64 // what the log has
	for i := uint64(1); i <= 300; i++ {
		push(t, r, i, int(i%100))
		if i%9 == 0 {
			run := r.Take(nil, 5, 1<<20)
			if i%2 == 0 {
				log = run.Base + uint64(run.Count) - 1
				r.Release(log)
			}
		}
		if i%10 == 0 {
			if evicted := r.Stats().Evicted; evicted == 0 {
				got, l := left(t, path, log+1)
				require.Equal(t, numbers(log+1, i), got)
				require.Equal(t, i, l.Admitted)
			}
		}
	}
}

func TestEvictedRecordsDoNotComeBack_L2(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	r, err := ring.Map(path, 4096, ring.Config{Epoch: epoch, Resource: 5, Next: 1, MaxRecords: 4})
	require.NoError(t, err)
	defer r.Unmap() //nolint:errcheck // The test is over.
	for i := uint64(1); i <= 10; i++ {
		push(t, r, i, 8)
	}
	got, l := left(t, path, 1)
	assert.Equal(t, numbers(7, 10), got)
	h, _, _ := frame.Parse(l.Runs[0].Frames, frame.Seed(epoch))
	assert.Equal(t, uint32(6), h.Skipped, "the hole is an eviction, not a loss")

	// Taken, not yet in the log, then an eviction behind them: the taken ones stay.
	run := r.Take(nil, 2, 1<<20)
	require.Equal(t, 2, run.Count)
	for i := uint64(11); i <= 13; i++ {
		push(t, r, i, 8)
	}
	got, _ = left(t, path, 7)
	assert.Equal(t, []uint64{7, 8, 10, 11, 12, 13}, got)
}

func TestFileIsReusedAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	r := mapRing(t, path, 4096, 1)
	for i := uint64(1); i <= 20; i++ {
		push(t, r, i, 8)
	}
	require.NoError(t, r.Unmap())
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.EqualValues(t, 4096+4096, info.Size())

	r = mapRing(t, path, 4096, 21)
	got, _ := left(t, path, 21)
	assert.Empty(t, got, "what the log has is not spilled again")
	push(t, r, 21, 8)
	got, _ = left(t, path, 21)
	assert.Equal(t, []uint64{21}, got)
	again, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, os.SameFile(info, again))

	require.NoError(t, r.Unmap())
	mapRing(t, path, 8192, 22)
	info, err = os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 4096+8192, info.Size(), "another size makes it anew")
}

func TestEpochOfTheFileIsKnown_W1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	got, err := ring.PeekEpoch(path)
	require.NoError(t, err)
	assert.Zero(t, got)
	r := mapRing(t, path, 4096, 1)
	push(t, r, 1, 8)
	got, err = ring.PeekEpoch(path)
	require.NoError(t, err)
	assert.EqualValues(t, epoch, got)
	l, err := ring.ReadLeftover(path, epoch+1, 1)
	require.NoError(t, err)
	assert.Empty(t, l.Runs, "frames of another epoch are not ours")
}

// Every bit of the file: no wrong byte comes out, and at most the record that was
// hit does not; the offsets that were admitted stay known.
func TestEveryBitFlipOfTheFile_W7(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	r := mapRing(t, path, 512, 1)
	for i := uint64(1); i <= 8; i++ {
		push(t, r, i, 16)
	}
	require.NoError(t, r.Unmap())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	flips := 0
	for bit := range len(whole) * 8 {
		if at := bit / 8; at >= 128 && at < 4096 {
			continue // Unused.
		}
		flips++
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		got, l := left(t, path, 1)
		require.GreaterOrEqual(t, len(got), 7, "bit %d", bit)
		require.EqualValues(t, 8, l.Admitted, "bit %d", bit)
	}
	for n := 0; n < len(whole); n += 16 {
		require.NoError(t, os.WriteFile(path, whole[:n], 0o600))
		got, _ := left(t, path, 1)
		require.Subset(t, numbers(1, 8), got, "cut at %d", n)
	}
	form.Fault(t, "bit flips", "ring: %d, every bit that is used", flips)
}

// A file that is cut under the mapping raises SIGBUS in whoever touches it. The
// host lives on, and so does the ring.
func TestCutFileDoesNotKillTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	r := mapRing(t, path, 1<<16, 1)
	for i := uint64(1); i <= 100; i++ {
		push(t, r, i, 100)
	}
	run := r.Take(nil, 10, 1<<20)
	require.Equal(t, 10, run.Count)
	require.NoError(t, os.Truncate(path, 4096+8192)) // Two of the four touched pages remain.

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if _, err := r.Push(record(0, 100), 1); err != nil {
					panic(err)
				}
			}
		})
	}
	wg.Wait()
	s := r.Stats()
	assert.False(t, s.Mapped)
	require.ErrorContains(t, s.Fault, "mapped file failed")
	assert.EqualValues(t, 300, s.Last, "every push was admitted, once")

	seen := map[uint64]bool{}
	for run := r.Take(nil, 1000, 1<<20); run.Count > 0; run = r.Take(nil, 1000, 1<<20) {
		for i := range run.Count {
			o := run.Base + uint64(i)
			require.False(t, seen[o])
			seen[o] = true
		}
		r.Release(run.Base + uint64(run.Count) - 1)
	}
	for o := uint64(11); o <= 50; o++ {
		assert.True(t, seen[o], "%d was on a page that is still there", o)
	}
	for o := uint64(102); o <= 300; o++ {
		assert.True(t, seen[o], "%d was admitted after the fault", o)
	}
}

func TestTakeFromACutFileReturns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	r := mapRing(t, path, 1<<16, 1)
	for i := uint64(1); i <= 100; i++ {
		push(t, r, i, 100)
	}
	require.NoError(t, os.Truncate(path, 0))
	assert.Zero(t, r.Take(nil, 100, 1<<20).Count, "nothing could be saved")
	r.Release(100)
	push(t, r, 101, 100)
	assert.Equal(t, 1, r.Take(nil, 100, 1<<20).Count)
}

func TestFileThatCannotBeMadeIsAnError(t *testing.T) {
	_, err := ring.Map(filepath.Join(t.TempDir(), "none", "ring"), 4096, ring.Config{Epoch: epoch, Next: 1})
	require.ErrorContains(t, err, "ring: map:")
}

func TestMappedPushDoesNotAllocate_R1(t *testing.T) {
	r := mapRing(t, filepath.Join(t.TempDir(), "ring"), 1<<16, 1)
	payload := make([]byte, 440)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = r.Push(payload, 1) }))
}

func BenchmarkPushMapped(b *testing.B) {
	r, err := ring.Map(filepath.Join(b.TempDir(), "ring"), 4<<20, ring.Config{Epoch: epoch, Next: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Unmap() //nolint:errcheck // The benchmark is over.
	payload := make([]byte, 440)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.Push(payload, 1)
	}
}

// A log that lost much in a power cut, or everything with its directory, is far behind
// the ring. What the ring holds counts all the same; if it did not, its offsets would be
// used again and come out twice (W1).
func TestRecordsFarAheadOfTheLogAreFound_W1_W3(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	r := mapRing(t, path, 4096, 470)
	for o := uint64(470); o <= 500; o++ {
		push(t, r, o, 60)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	clear(b[64:112]) // The page of the marker is an old one.
	require.NoError(t, os.WriteFile(path, b, 0o600))
	got, l := left(t, path, 11)
	require.Equal(t, numbers(470, 500), got)
	require.EqualValues(t, 500, l.Admitted)
}
