package wal

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// poisoned returns a log with 10 records on disk and 20 more, in two runs, that the
// disk did not take.
func poisoned(t *testing.T) *bed {
	b := newBed(t, Options{})
	b.append(10, 50)
	b.sync()
	b.disk.failWrite = true
	for range 2 {
		require.ErrorIs(t, b.log.Append(b.run(10, 50, 0)), ErrPoisoned)
	}
	return b
}

// take reads one batch and acks it, as a sender does.
func (b *bed) take(after Offset, n int) Offset {
	b.t.Helper()
	var batch Batch
	require.NoError(b.t, b.log.Reader(0).Read(&batch, after, Limits{Records: n}))
	require.NotZero(b.t, batch.Len())
	b.store(b.log.Reader(0).Ack(&batch))
	return batch.Last()
}

func TestWhatTheDiskDoesNotTakeIsDeliveredFromMemory_W4_L2(t *testing.T) {
	b := poisoned(t)
	assert.Equal(t, offsets(1, 10), b.read(0), "W4: nothing that is not synced, until it is exposed")

	changed := b.log.Changed()
	b.log.Expose(25)
	assert.Equal(t, offsets(1, 25), b.read(0))
	select {
	case <-changed:
	default:
		assert.Fail(t, "readers are not woken")
	}
	assert.Equal(t, 25, b.log.Reader(0).Backlog(0).Records)
	assert.GreaterOrEqual(t, b.log.Reader(0).Backlog(0).Bytes, int64(25*frame.Size(50)))
	assert.NotZero(t, b.log.Reader(0).Backlog(20).Oldest)

	b.take(0, 100)
	assert.Equal(t, Offset(17), b.take(10, 7))
	s := b.balance()
	assert.Equal(t, uint64(17), s.Delivered)
	assert.Equal(t, uint64(13), s.Pending)
	assert.LessOrEqual(t, s.Head, s.Synced, "W2: what a server has needs no disk")

	b.disk.failWrite = false
	require.NoError(t, b.log.Heal())
	assert.Equal(t, offsets(18, 30), b.read(0), "the rest is on disk now")
	b.kill()
	assert.Equal(t, offsets(18, 30), b.read(0))
	assert.Zero(t, b.balance().Lost)
}

func TestExposingALogThatIsWellDoesNothing_W4(t *testing.T) {
	b := newBed(t, Options{})
	b.append(10, 50)
	b.log.Expose(10)
	assert.Empty(t, b.read(0))
	assert.Zero(t, b.log.EvictUnsynced(5))
	b.disk.failSync = true
	require.ErrorIs(t, b.log.Sync(), ErrPoisoned)
	assert.Empty(t, b.read(0), "what was said before the disk failed does not count")
}

func TestEvictedFromMemoryIsNotReadNorTakenForLost_L2(t *testing.T) {
	b := poisoned(t)
	b.log.Expose(30)
	assert.Equal(t, uint64(12), b.log.EvictUnsynced(23), "not those on disk")
	assert.Equal(t, append(offsets(1, 10), offsets(23, 30)...), b.read(0))
	assert.Equal(t, uint64(12), b.balance().Evicted)

	b.disk.failWrite = false
	require.NoError(t, b.log.Heal())
	b.kill()
	s := b.balance()
	assert.Zero(t, s.Lost)
	assert.Equal(t, Offset(30), s.Last)
	assert.Subset(t, b.read(0), append(offsets(1, 10), offsets(23, 30)...))
}

// Memory is bounded by what is pending, not by how long the disk fails.
func TestDeliveredRunsLeaveMemory(t *testing.T) {
	b := poisoned(t)
	for range 50 {
		require.ErrorIs(t, b.log.Append(b.run(10, 50, 0)), ErrPoisoned)
		b.log.Expose(b.log.Next() - 1)
		for len(b.read(0)) > 0 {
			b.take(0, 100)
		}
	}
	assert.LessOrEqual(t, len(b.log.unsynced), 2)
	assert.Zero(t, b.balance().PendingBytes)
}
