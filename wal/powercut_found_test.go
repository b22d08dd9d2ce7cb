package wal

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// What the model found, in its smallest form.

// newCutter returns a log on a medium that keeps nothing which was not synced.
func newCutter(t *testing.T) *cutter {
	t.Helper()
	c := &cutter{rng: rand.New(rand.NewPCG(1, 1)), oracle: oracle{promised: map[Offset]uint32{}, held: map[Offset]uint32{}}}
	c.medium = newMedium(c.rng, habits{})
	c.tree = c.medium
	c.bed = &bed{t: t, root: form.Scratch(t), disk: &disk{}, opts: Options{Epoch: testEpoch, SegmentSize: 2000}}
	c.reopen(c.medium)
	return c
}

// reopen opens the log on a medium as a crash has left it.
func (c *cutter) reopen(m *medium) {
	c.t.Helper()
	require.NoError(c.t, m.write(c.root, c.tree))
	c.medium, c.tree = m, m
	c.shadow = &shadowed{medium: m, disk: c.disk, root: c.root}
	*c.disk = disk{}
	o := c.opts
	o.Checkpoint = c.oracle.stored
	l, err := open(c.dir(), o, c.shadow)
	require.NoError(c.t, err)
	l.create = c.shadow.create
	c.log = l
	c.t.Cleanup(c.leave)
}

// unsync makes a file one that was never synced.
func (m *medium) unsync(n *node) {
	n.size = 0
	clear(n.disk)
	for i := range n.sectors() {
		n.dirty[i] = true
	}
}

// Open takes what it finds for synced. After a kill it need not be.
func TestWhatAKillLeftIsSyncedBeforeItIsRead_W2_W3(t *testing.T) {
	c := newCutter(t)
	c.bed.append(5, 100)
	c.reopen(c.medium.kill())
	require.EqualValues(t, 5, c.log.Synced())
	c.reopen(c.medium.durable())
	assert.Equal(t, offsets(1, 5), c.read(0))
}

// Not only of the last segment: a heal does not write again what was given up
// meanwhile, and until that is stored it comes back.
func TestEverySegmentThatAKillLeftIsSynced_W2_W3(t *testing.T) {
	c := newCutter(t)
	c.bed.append(4, 20)
	c.disk.failWrite = true
	require.Error(t, c.log.Append(c.run(2, 20, 0)))
	c.disk.failWrite = false
	require.EqualValues(t, 4, c.log.Reader(0).Evict(4))
	c.medium.stop = c.medium.ops + 5 // Before the failed segment is removed.
	require.NoError(t, c.log.Heal())
	require.NotNil(t, c.medium.copy)
	killed := c.medium.copy.kill()
	killed.unsync(killed.names["wal/"+segmentName(1)]) // As if its close had failed as well.
	c.reopen(killed)
	require.Equal(t, offsets(1, 6), c.read(0), "what was given up is back")
	c.reopen(c.medium.durable())
	assert.Equal(t, offsets(1, 6), c.read(0))
}

// A segment that is synced in a directory whose own name is not is gone.
func TestNameOfTheDirectoryIsSynced_W3(t *testing.T) {
	c := newCutter(t)
	c.bed.append(5, 100)
	c.bed.sync()
	c.reopen(c.medium.durable())
	assert.Equal(t, offsets(1, 5), c.read(0))
}

// A rewriting that a kill cut short does not hide what the failed segment still holds.
func TestKillDuringHealKeepsWhatWasWritten_W3_W6(t *testing.T) {
	c := newCutter(t)
	c.bed.append(4, 20)
	c.bed.append(4, 20)
	c.disk.failWrite = true
	require.Error(t, c.log.Append(c.run(1, 20, 0)))
	c.disk.failWrite = false
	// Before it: the end of the failed segment; a file; resource, if any, and block 1.
	c.medium.stop = c.medium.ops + 4
	require.NoError(t, c.log.Heal())
	require.NotNil(t, c.medium.copy)
	c.reopen(c.medium.copy.kill())
	require.Len(t, c.segments(), 2, "the kill came in the middle")
	assert.Equal(t, offsets(1, 8), c.read(0))
	assert.EqualValues(t, 9, c.log.Next())
}

// Blocks of the disk that were never written may hold records of a segment that is
// gone. They are whole, and of this log; what comes before them stays all the same.
func TestStaleRecordsInALaterSegmentHideNothing_W3(t *testing.T) {
	for _, tt := range []struct {
		name        string
		first, last Offset
		cp          Checkpoint
		want        []Offset
	}{
		{"settled ones", 1, 3, Checkpoint{Epoch: testEpoch, Head: 4, Last: 12}, offsets(5, 12)},
		{"copies of pending ones", 6, 7, Checkpoint{Epoch: testEpoch, Head: 4, Last: 12}, offsets(5, 12)},
		{"copies, and nothing is known", 6, 7, Checkpoint{}, offsets(1, 12)},
		{"copies of the last ones", 11, 12, Checkpoint{}, offsets(1, 12)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			im := newImage(t, 8, 4)
			b := im.open(tt.cp, func(files map[string][]byte) {
				var stale []byte
				for o := tt.first; o <= tt.last; o++ {
					stale = frame.Append(stale, frame.Header{Offset: uint64(o), Time: int64(o), Resource: 1}, payload(o, 20), frame.Seed(testEpoch))
				}
				files[segmentName(100)] = append(make([]byte, 300), stale...)
			})
			assert.Equal(t, tt.want, b.read(0))
			assert.EqualValues(t, 13, b.log.Next())
			assert.Zero(t, b.log.Recovery().Lost)
		})
	}
}

// Where a part of a failed segment is torn and written again, what it holds behind
// that part is not synced and does not count; its offsets are not used again.
func TestOffsetsThatWereSeenAreNotUsedAgain_W1(t *testing.T) {
	im := newImage(t, 4)
	frames := func(from, to Offset) (b []byte) {
		for o := from; o <= to; o++ {
			b = frame.Append(b, frame.Header{Offset: uint64(o), Time: int64(o), Resource: 1}, payload(o, 20), frame.Seed(testEpoch))
		}
		return b
	}
	b := im.open(Checkpoint{}, func(files map[string][]byte) {
		files[im.final()] = slices.Concat(files[im.final()], make([]byte, 100), frames(8, 10))
		files[segmentName(100)] = frames(5, 7)
	})
	assert.Equal(t, offsets(1, 7), b.read(0))
	assert.EqualValues(t, 11, b.log.Next())
	assert.EqualValues(t, 3, b.log.Recovery().Lost)
}

// A header that was left behind by another block claims bytes that are not its own.
func TestRecordsBehindAStrayHeaderAreFound_W7(t *testing.T) {
	im := newImage(t, 4, 4)
	b := im.open(Checkpoint{}, func(files map[string][]byte) {
		last := files[im.final()]
		files[im.final()] = append(append([]byte{0x80, 0x01}, header(5000, 900, 50)...), last...)
	})
	assert.Equal(t, offsets(1, 8), b.read(0))
}

// What a crash left of a file in quarantine is not the evidence.
func TestTornFileInQuarantineIsWrittenAgain_W7(t *testing.T) {
	im := newImage(t, 4)
	var whole []byte
	damage := func(files map[string][]byte) { files[im.final()][60] ^= 1 }
	b := im.open(Checkpoint{}, damage)
	aside, err := filepath.Glob(filepath.Join(b.quarantine(), "*"))
	require.NoError(t, err)
	require.Len(t, aside, 1)
	whole, err = os.ReadFile(aside[0])
	require.NoError(t, err)
	require.NoError(t, os.Truncate(aside[0], 1))
	b.reopen()
	again, err := os.ReadFile(aside[0])
	require.NoError(t, err)
	assert.Equal(t, whole, again)
}
