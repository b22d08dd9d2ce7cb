package wal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// image is a finished log directory in memory, to be damaged in many ways.
type image struct {
	t     *testing.T
	names []string
	files map[string][]byte
	last  Offset
}

// newImage writes segments of the given numbers of records, 4 to a block.
func newImage(t *testing.T, segments ...int) *image {
	t.Helper()
	b := newBed(t, Options{})
	b.log.SetResource(1, []byte("resource"))
	for i, n := range segments {
		if i > 0 {
			b.reopen() // Starts a segment.
		}
		for ; n > 0; n -= 4 {
			b.append(min(n, 4), 20)
		}
		b.sync()
	}
	require.NoError(t, b.log.Close())
	im := &image{t: t, files: map[string][]byte{}, last: b.log.last()}
	for _, p := range b.segments() {
		raw, err := os.ReadFile(p)
		require.NoError(t, err)
		im.names = append(im.names, filepath.Base(p))
		im.files[filepath.Base(p)] = raw
	}
	require.Len(t, im.names, len(segments))
	return im
}

// open writes the image, changed by edit, to a new directory and opens it.
func (im *image) open(cp Checkpoint, edit func(files map[string][]byte)) *bed {
	im.t.Helper()
	files := map[string][]byte{}
	for n, raw := range im.files {
		files[n] = bytes.Clone(raw)
	}
	edit(files)
	b := &bed{t: im.t, root: form.Scratch(im.t), opts: Options{Epoch: testEpoch}, stored: cp, disk: &disk{}}
	require.NoError(im.t, os.Mkdir(b.dir(), 0o700))
	for n, raw := range files {
		require.NoError(im.t, os.WriteFile(filepath.Join(b.dir(), n), raw, 0o600))
	}
	b.open()
	return b
}

func (im *image) final() string { return im.names[len(im.names)-1] }

// lives checks that the log takes records and keeps them, whatever was done to it.
func (b *bed) lives() {
	b.t.Helper()
	next := b.log.Next()
	b.append(2, 30)
	b.sync()
	b.kill()
	require.Equal(b.t, []Offset{next, next + 1}, b.read(next-1), "records appended after recovery")
	b.balance()
	require.NoError(b.t, b.log.Close())
}

// A writer that died leaves a prefix of its file.
func TestTornAtEveryByteIsCut_W7(t *testing.T) {
	im := newImage(t, 8, 7)
	whole := im.files[im.final()]
	seen := map[int]bool{}
	for n := range len(whole) + 1 {
		b := im.open(Checkpoint{}, func(f map[string][]byte) { f[im.final()] = whole[:n] })
		got := b.read(0)
		require.Equal(t, offsets(1, Offset(len(got))), got, "cut at %d: a prefix, and no phantom", n)
		require.GreaterOrEqual(t, len(got), 8)
		seen[len(got)] = true
		require.Zero(t, b.quarantined(), "cut at %d: a torn tail is no damage", n)
		require.Equal(t, Offset(len(got))+1, b.log.Next())
		require.Zero(t, b.balance().Lost)
		b.lives()
	}
	assert.Len(t, seen, 8, "every number of records from 8 to 15: a torn block gives up its whole frames")
	form.Fault(t, "torn tail", "%d cuts of a segment, at every byte: 0 phantoms, 0 whole records lost", len(whole)+1)
}

// With a checkpoint that says how far the log was synced, a cut is a loss, and
// it is counted.
func TestCutBelowWhatWasSyncedIsCounted_W7(t *testing.T) {
	im := newImage(t, 8, 7)
	whole := im.files[im.final()]
	for n := range len(whole) {
		b := im.open(Checkpoint{Epoch: testEpoch, Head: 2, Last: 15}, func(f map[string][]byte) { f[im.final()] = whole[:n] })
		got := b.read(0)
		s := b.balance()
		require.Equal(t, uint64(13-len(got)), s.Lost)
		require.Equal(t, Offset(16), b.log.Next(), "offsets of lost records are not used again (W1)")
		b.lives()
	}
}

func TestTailsThatACrashLeavesAreCut_W7(t *testing.T) {
	tails := []struct {
		name       string
		tail       []byte
		quarantine bool
	}{
		{"one zero", make([]byte, 1), false},
		{"a sector of zeros", make([]byte, 512), false},
		{"a megabyte of zeros", make([]byte, 1<<20), false},
		{"garbage", bytes.Repeat([]byte("garbage!"), 100), true},
		{"half a header", []byte{0x80, 0x01, 'L', 'G', 'R', 'B', 1, 0}, false},
		{"a header, then zeros", append(append([]byte{0x9C, 0x04}, header(500, 16, 4)...), make([]byte, 500)...), false},
	}
	form.Fault(t, "torn tail", "%d tails of zeros and garbage", len(tails))
	for _, tt := range tails {
		t.Run(tt.name, func(t *testing.T) {
			im := newImage(t, 8, 7)
			b := im.open(Checkpoint{}, func(f map[string][]byte) { f[im.final()] = append(f[im.final()], tt.tail...) })
			assert.Equal(t, offsets(1, 15), b.read(0), "every record and no phantom")
			assert.Equal(t, Offset(16), b.log.Next())
			assert.Equal(t, tt.quarantine, b.quarantined() > 0)
			b.lives()
		})
	}
}

func header(n int, base Offset, count uint32) []byte {
	b := make([]byte, blockHeaderSize)
	putBlockHeader(b, blockHeader{epoch: testEpoch, base: base, count: count, bytes: uint32(n)})
	return b
}

// Every single bit of every segment: no wrong byte is ever read (W4), every
// record that is not hit is, and a record that is hit is lost, counted and in
// quarantine (W7).
func TestEveryBitFlip_W7(t *testing.T) {
	im := newImage(t, 6, 5)
	flips := 0
	for _, name := range im.names {
		flips += len(im.files[name]) * 8
		for bit := range len(im.files[name]) * 8 {
			b := im.open(Checkpoint{}, func(f map[string][]byte) { f[name][bit/8] ^= 1 << (bit % 8) })
			got := b.read(0)
			s := b.balance()
			require.GreaterOrEqual(t, len(got), 10, "%s bit %d: at most the record that was hit", name, bit)
			require.Equal(t, 11, len(got)+int(s.Lost), "%s bit %d", name, bit)
			require.Positive(t, b.quarantined(), "%s bit %d: the bytes are kept", name, bit)
			require.Equal(t, Offset(12), b.log.Next(), "%s bit %d", name, bit)
			require.NoError(t, b.log.Close())
			if bit%64 == 0 {
				b.open()
				require.Equal(t, got, b.read(0), "%s bit %d: a second open finds the same", name, bit)
				b.lives()
			}
		}
	}
	form.Fault(t, "bit flips", "wal: %d, every bit of %d segments", flips, len(im.names))
}

func TestMissingSegments_W7(t *testing.T) {
	rows := []struct {
		name string
		cp   Checkpoint
		edit func(f map[string][]byte, names []string)
		want []Offset
		lost uint64
	}{
		{"the middle one is missing", Checkpoint{Epoch: testEpoch}, func(f map[string][]byte, n []string) { delete(f, n[1]) }, append(offsets(1, 4), offsets(9, 12)...), 4},
		{"the middle one is empty", Checkpoint{Epoch: testEpoch}, func(f map[string][]byte, n []string) { f[n[1]] = nil }, append(offsets(1, 4), offsets(9, 12)...), 4},
		{"the first one is missing", Checkpoint{Epoch: testEpoch}, func(f map[string][]byte, n []string) { delete(f, n[0]) }, offsets(5, 12), 4},
		{"the first one is missing and acked", Checkpoint{Epoch: testEpoch, Head: 4, Last: 12}, func(f map[string][]byte, n []string) { delete(f, n[0]) }, offsets(5, 12), 0},
		{"the first one is missing and nothing is known", Checkpoint{}, func(f map[string][]byte, n []string) { delete(f, n[0]) }, offsets(5, 12), 0},
		{"the last one is missing", Checkpoint{Epoch: testEpoch, Last: 12}, func(f map[string][]byte, n []string) { delete(f, n[2]) }, offsets(1, 8), 4},
		{"the last one is empty", Checkpoint{}, func(f map[string][]byte, n []string) { f[n[2]] = nil }, offsets(1, 8), 0},
		{"a copy of the last one", Checkpoint{}, func(f map[string][]byte, n []string) { f[segmentName(900)] = f[n[2]] }, offsets(1, 12), 0},
		{"remains of a truncation by the underlying log", Checkpoint{}, func(f map[string][]byte, n []string) {
			f[segmentName(2)+".START"] = []byte("x")
			f[segmentName(3)+".END"] = []byte("x")
		}, offsets(1, 12), 0},
	}
	form.Fault(t, "segments and leftovers", "wal: %d", len(rows))
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			im := newImage(t, 4, 4, 4)
			b := im.open(tt.cp, func(f map[string][]byte) { tt.edit(f, im.names) })
			assert.Equal(t, tt.want, b.read(0))
			assert.Equal(t, tt.lost, b.balance().Lost)
			assert.Equal(t, Offset(13)-Offset(boolInt(tt.name == "the last one is empty")*4), b.log.Next())
			b.lives()
		})
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestLogOfAnotherEpochIsSetAside_W1(t *testing.T) {
	im := newImage(t, 4, 4)
	epoch, err := PeekEpoch(im.open(Checkpoint{}, func(map[string][]byte) {}).dir())
	require.NoError(t, err)
	assert.EqualValues(t, testEpoch, epoch)

	b := im.open(Checkpoint{}, func(map[string][]byte) {})
	require.NoError(t, b.log.Close())
	b.opts.Epoch++
	b.open()
	assert.Empty(t, b.read(0))
	assert.Positive(t, b.log.Recovery().ForeignBytes)
	assert.Positive(t, b.quarantined(), "set aside, not deleted")
	b.lives()
}

// A segment that failed may hold, damaged, what was written again after it. Only
// the later copy counts.
func TestLaterSegmentWins_W6(t *testing.T) {
	im := newImage(t, 4, 4)
	b := im.open(Checkpoint{}, func(f map[string][]byte) {
		both := append(bytes.Clone(f[im.names[0]]), f[im.names[1]]...)
		both[bytes.Index(both, payload(6, 20))+12] ^= 1
		f[im.names[0]] = both
	})
	assert.Equal(t, offsets(1, 8), b.read(0))
	assert.Zero(t, b.balance().Lost)
	got, _ := walk(t, b.dir())
	assert.Equal(t, offsets(1, 8), got)
	b.lives()
}

// Bytes that go bad after Open verified them.
func TestRotUnderARunningLogIsPassedOverAndCounted_W4(t *testing.T) {
	b := newBed(t, Options{})
	b.append(10, 50)
	b.sync()
	raw, err := os.ReadFile(b.segments()[0])
	require.NoError(t, err)
	at := bytes.Index(raw, payload(4, 50)[:8])
	raw[at+20] ^= 1
	require.NoError(t, os.WriteFile(b.segments()[0], raw, 0o600))
	assert.Equal(t, append(offsets(1, 3), offsets(5, 10)...), b.read(0))
	assert.Equal(t, append(offsets(1, 3), offsets(5, 10)...), b.read(0), "reading twice loses once")
	assert.Equal(t, uint64(1), b.balance().Lost)
	assert.Positive(t, b.quarantined())
}

func TestSegmentThatVanishesIsCounted(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 500})
	for range 3 {
		b.append(5, 100)
		b.sync()
	}
	require.NoError(t, os.Remove(b.segments()[1]))
	assert.Equal(t, append(offsets(1, 5), offsets(11, 15)...), b.read(0))
	assert.Equal(t, uint64(5), b.balance().Lost)
}

func TestOpenRefusesASymbolicLink(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "wal")))
	_, err := Open(filepath.Join(dir, "wal"), Options{Epoch: 1})
	require.ErrorContains(t, err, "symbolic link")
}

func FuzzScan(f *testing.F) {
	b := &Run{}
	buf := b.Buffer()
	for o := range uint64(3) {
		buf = frame.Append(buf, frame.Header{Offset: o + 1}, payload(Offset(o+1), 10), frame.Seed(testEpoch))
	}
	b.Fill(buf, 1, 3, 1)
	f.Add(append([]byte{0xAE, 0x01}, b.block(testEpoch)...))
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := newScanner(testEpoch)
		s.b = raw
		pos := 0
		for it := s.next(); it.kind != itemEnd; it = s.next() {
			require.GreaterOrEqual(t, it.from, pos, "findings do not overlap")
			require.Greater(t, it.to, it.from, "every finding moves on")
			require.LessOrEqual(t, it.to, len(raw))
			pos = it.to
		}
	})
}
