package wal

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

func TestNothingIsReadBeforeItIsSynced_W4(t *testing.T) {
	b := newBed(t, Options{})
	b.append(3, 50)
	assert.Empty(t, b.read(0))
	assert.Zero(t, b.log.Synced())
	changed := b.log.Changed()
	b.sync()
	assert.Equal(t, offsets(1, 3), b.read(0))
	select {
	case <-changed:
	default:
		t.Fatal("readers were not woken")
	}
	b.append(2, 50)
	assert.Equal(t, offsets(1, 3), b.read(0))
	assert.Equal(t, Backlog{Records: 3, Bytes: 3 * int64(frame.Size(50)), Oldest: time.Unix(0, 1)}, b.log.Reader(0).Backlog(0))
}

func TestNoSyncReadsWhatIsWritten_W4(t *testing.T) {
	b := newBed(t, Options{NoSync: true})
	b.append(3, 50)
	assert.Equal(t, offsets(1, 3), b.read(0))
	assert.Zero(t, b.disk.syncs)
}

func TestEverythingWrittenSurvivesAKill_W3(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 2000})
	for range 20 {
		b.append(5, 100)
	}
	b.kill()
	assert.Equal(t, offsets(1, 100), b.read(0))
	assert.Greater(t, len(b.segments()), 3)
}

func TestOffsetsAreNeverReused_W1(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(b *bed)
		next Offset
		lost uint64
	}{
		{"clean reopen", func(b *bed) { b.reopen() }, 11, 0},
		{"kill", func(b *bed) { b.kill() }, 11, 0},
		{"everything trimmed", func(b *bed) {
			b.ack(10)
			require.NoError(b.t, b.log.Close())
			for _, s := range b.segments() {
				require.NoError(b.t, os.Remove(s))
			}
			b.open()
		}, 11, 0},
		{"wal lost with pending records", func(b *bed) {
			b.ack(4)
			require.NoError(b.t, b.log.Close())
			require.NoError(b.t, os.RemoveAll(b.dir()))
			b.open()
		}, 11, 6},
		{"state lost", func(b *bed) {
			b.ack(10)
			b.stored = Checkpoint{}
			b.reopen()
		}, 11, 0},
		{"state of another epoch", func(b *bed) {
			b.stored = Checkpoint{Epoch: 1, Head: 500, Last: 500}
			b.reopen()
		}, 11, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBed(t, Options{})
			b.append(10, 40)
			b.sync()
			tt.do(b)
			assert.Equal(t, tt.next, b.log.Next())
			assert.Equal(t, tt.lost, b.balance().Lost)
			b.append(1, 40)
			b.sync()
			got := b.read(tt.next - 1)
			assert.Equal(t, []Offset{tt.next}, got)
		})
	}
}

func TestLostStateCostsDuplicatesNotRecords_W2(t *testing.T) {
	b := newBed(t, Options{})
	b.append(10, 40)
	b.sync()
	b.ack(6)
	b.stored = Checkpoint{}
	b.reopen()
	assert.Equal(t, offsets(1, 10), b.read(0))
}

func TestAckedRecordsAreNotReadAgain_W2(t *testing.T) {
	b := newBed(t, Options{})
	b.append(10, 40)
	b.sync()
	b.ack(6)
	assert.Equal(t, offsets(7, 10), b.read(0))
	b.reopen()
	assert.Equal(t, offsets(7, 10), b.read(0))
	assert.Equal(t, uint64(6), b.balance().Delivered)
}

func TestSegmentGoesOnlyWhenItsEndIsDurablyKnown_W5(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 1000})
	for range 6 {
		b.append(5, 200)
	}
	b.sync()
	before := len(b.segments())
	require.GreaterOrEqual(t, before, 5)

	c := b.log.Reader(0).Ack(b.pending(20))
	b.log.Maintain()
	assert.Len(t, b.segments(), before, "acked in memory is not durable")
	assert.True(t, b.log.Reader(0).Reclaimable())

	b.store(c)
	b.log.Maintain()
	assert.Less(t, len(b.segments()), before)
	assert.False(t, b.log.Reader(0).Reclaimable())
	b.kill()
	assert.Equal(t, offsets(21, 30), b.read(0), "no pending record went with them")
	b.balance()
}

func TestAckedSegmentsAreKeptForReplay(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 1000, KeepAcked: Retention{Age: time.Hour, Bytes: 2600}})
	for range 6 {
		b.append(5, 200)
		b.sync()
	}
	b.ack(30)
	b.log.Maintain()
	assert.Len(t, b.segments(), 3, "two settled segments of 1200 bytes and the active one")
}

func TestIdleLogEmptiesItself(t *testing.T) {
	b := newBed(t, Options{})
	b.append(5, 200)
	b.sync()
	b.ack(5)
	b.log.Maintain() // Notes that it is settled.
	b.log.Maintain()
	assert.Empty(t, b.segments())
	b.append(1, 10)
	b.sync()
	assert.Equal(t, []Offset{6}, b.read(0))
}

func TestReadKeepsToItsLimits(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 500})
	for range 10 {
		b.append(3, 100)
	}
	b.sync()
	for _, tt := range []struct {
		name string
		lim  Limits
		want int
	}{
		{"records", Limits{Records: 4}, 4},
		{"bytes", Limits{Bytes: 250}, 2},
		{"one record however large", Limits{Bytes: 10}, 1},
		{"none", Limits{}, 30},
	} {
		var batch Batch
		require.NoError(t, b.log.Reader(0).Read(&batch, 0, tt.lim))
		assert.Equal(t, tt.want, batch.Len(), tt.name)
		assert.Equal(t, Offset(1), batch.First(), "the same read gives the same records again")
	}
}

func TestBatchHasOneResource(t *testing.T) {
	b := newBed(t, Options{})
	b.log.SetResource(1, []byte("old"))
	b.log.SetResource(2, []byte("new"))
	b.append(3, 10)
	r := b.log.NewRun()
	buf := frame.Append(r.Buffer(), frame.Header{Offset: 4, Time: 4, Resource: 2}, payload(4, 10), frame.Seed(testEpoch))
	r.Fill(buf, 4, 1, 2)
	require.NoError(t, b.log.Append(r))
	b.sync()
	b.reopen()
	var batch Batch
	require.NoError(t, b.log.Reader(0).Read(&batch, 0, Limits{}))
	assert.Equal(t, 3, batch.Len())
	assert.Equal(t, "old", string(b.log.Resource(batch.Resource)), "a segment carries its resources")
	require.NoError(t, b.log.Reader(0).Read(&batch, 3, Limits{}))
	assert.Equal(t, 1, batch.Len())
	assert.Equal(t, "new", string(b.log.Resource(batch.Resource)))
}

func TestEvictionGivesUpTheOldestExactly_L2(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 800})
	for range 10 {
		b.append(10, 50)
	}
	b.sync()
	assert.Equal(t, uint64(37), b.log.Reader(0).Evict(37))
	assert.Equal(t, offsets(38, 100), b.read(0))
	s := b.balance()
	assert.Equal(t, uint64(37), s.Evicted)
	assert.Equal(t, uint64(63), s.Pending)

	b.store(b.log.Reader(0).Checkpoint())
	b.kill()
	assert.Equal(t, uint64(37), b.balance().Evicted, "counted across restarts")
	assert.Equal(t, offsets(38, 100), b.read(0))
}

func TestRecordDeliveredWhileItWasEvictedCountsAsDelivered_L2(t *testing.T) {
	b := newBed(t, Options{})
	b.append(10, 50)
	b.sync()
	var batch Batch
	require.NoError(t, b.log.Reader(0).Read(&batch, 0, Limits{Records: 5}))
	b.log.Reader(0).Evict(3)
	assert.Equal(t, uint64(3), b.balance().Evicted)
	b.store(b.log.Reader(0).Ack(&batch))
	s := b.balance()
	assert.Zero(t, s.Evicted)
	assert.Equal(t, uint64(5), s.Delivered)
}

func TestHeadNeverMovesBack_W2(t *testing.T) {
	b := newBed(t, Options{})
	b.append(10, 50)
	b.sync()
	var batch Batch
	require.NoError(t, b.log.Reader(0).Read(&batch, 0, Limits{Records: 5}))
	b.log.Reader(0).Evict(8)
	assert.Equal(t, Offset(8), b.log.Reader(0).Ack(&batch).Head)
	s := b.balance()
	assert.Equal(t, uint64(5), s.Delivered)
	assert.Equal(t, uint64(3), s.Evicted)
}

func TestRingEvictionIsAHoleNotALoss_L2(t *testing.T) {
	b := newBed(t, Options{})
	b.append(5, 50)
	require.NoError(t, b.log.Append(b.run(5, 50, 7)))
	b.sync()
	check := func() {
		s := b.balance()
		assert.Equal(t, uint64(7), s.Evicted)
		assert.Zero(t, s.Lost)
		assert.Equal(t, uint64(10), s.Pending)
		assert.Equal(t, append(offsets(1, 5), offsets(13, 17)...), b.read(0))
	}
	check()
	b.kill()
	check()
	b.ack(17)
	b.kill()
	assert.Equal(t, uint64(7), b.balance().Evicted)
	assert.Equal(t, uint64(10), b.balance().Delivered)
}

// Offsets that nobody will ever ack must not keep the head, and who waits for it,
// from passing.
func TestHeadPassesHoles(t *testing.T) {
	b := newBed(t, Options{})
	require.NoError(t, b.log.Append(b.run(5, 50, 3))) // A hole at the very start.
	b.sync()
	assert.Equal(t, Offset(3), b.log.Head())
	b.log.Lose(10) // Two at the end.
	b.ack(8)
	assert.Equal(t, Offset(10), b.log.Head())
	s := b.balance()
	assert.Equal(t, []uint64{5, 0, 3, 2}, []uint64{s.Delivered, s.Pending, s.Evicted, s.Lost})
	b.append(1, 50)
	b.sync()
	assert.Equal(t, []Offset{11}, b.read(0))
}

func TestEvictByBytesAndAge(t *testing.T) {
	b := newBed(t, Options{SegmentSize: 1000})
	for range 10 {
		b.append(10, 100)
	}
	b.sync()
	size := int64(frame.Size(100))
	require.Equal(t, 100*size, b.log.Stats().PendingBytes)
	assert.Equal(t, uint64(25), b.log.Reader(0).EvictBytes(25*size))
	assert.Equal(t, 75*size, b.balance().PendingBytes)

	assert.Equal(t, uint64(22), b.log.Reader(0).EvictBefore(time.Unix(0, 48)), "records 26 to 47 are older")
	assert.Equal(t, offsets(48, 100), b.read(0))
	b.balance()
}

func TestAppendOutOfOrderIsRefused(t *testing.T) {
	b := newBed(t, Options{})
	r := b.run(3, 10, 0)
	b.append(5, 10)
	require.ErrorIs(t, b.log.Append(r), ErrOrder)
	b.balance()
}

func TestClosedLogSaysSo(t *testing.T) {
	b := newBed(t, Options{})
	r := b.run(1, 10, 0)
	require.NoError(t, b.log.Close())
	require.NoError(t, b.log.Close())
	require.ErrorIs(t, b.log.Append(r), ErrClosed)
	require.ErrorIs(t, b.log.Sync(), ErrClosed)
	require.ErrorIs(t, b.log.Heal(), ErrClosed)
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	b := newBed(t, Options{})
	b.append(1, 10)
	info, err := os.Stat(b.dir())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	info, err = os.Stat(b.segments()[0])
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
