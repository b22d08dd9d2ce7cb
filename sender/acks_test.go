package sender

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/wal"
)

func TestFailedSaveKeepsTheAckAndSendingGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.store.fail(errors.New("no space left on device"))
		r.log.add(3000)
		sleep(time.Second)
		assert.Len(t, r.server.got(), 3, "sending goes on")
		assert.Equal(t, wal.Offset(3000), r.log.Head())
		assert.Zero(t, r.log.reclaimedTo(), "nothing is reclaimed before the ack is durable (W5)")
		assert.Equal(t, "no space left on device", r.Health().SaveError)
		assert.False(t, r.Health().OK())
		assert.Zero(t, r.Stats().Acked)

		sleep(20 * time.Second)
		assert.Less(t, r.store.saves, 10, "it is tried at intervals")
		r.store.fail(nil)
		sleep(5 * time.Second) // By the timer: no ack comes.
		assert.Equal(t, wal.Offset(3000), r.store.head())
		assert.Equal(t, wal.Offset(3000), r.log.reclaimedTo())
		assert.True(t, r.Health().OK())
		assert.Equal(t, wal.Offset(3000), r.Stats().Acked)
		assert.Equal(t, uint64(3), r.store.total.Requests, "no count is lost or doubled")
		assert.Len(t, r.lines.all(), 2)
	})
}

func TestFailedSaveIsTriedWithTheNextAck(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.store.fail(errors.New("no space left on device"))
		r.log.add(1000)
		sleep(time.Second)
		r.store.fail(nil)
		r.log.add(1000)
		sleep(time.Second)
		assert.Equal(t, wal.Offset(2000), r.store.head())
	})
}

func TestLastSaveIsTriedAtTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		broken := errors.New("no space left on device")
		r.store.fail(broken)
		r.log.add(1000)
		sleep(time.Second)
		require.ErrorIs(t, r.stop(), broken)
	})
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.store.fail(errors.New("no space left on device"))
		r.log.add(1000)
		sleep(time.Second)
		r.store.fail(nil)
		require.NoError(t, r.stop())
		assert.Equal(t, wal.Offset(1000), r.store.head())
	})
}

// The owner of the log stores a later checkpoint, for an eviction, between our ack
// and our save. Ours is refused (W2), which is no failure: it is settled.
func TestLaterCheckpointOfTheLogsOwnerSettlesOurs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), always(ok))
		r.store.cp.Head = 5000
		r.log.add(1000)
		sleep(time.Second)
		require.NoError(t, r.Flush(t.Context(), 1000))
		assert.Equal(t, wal.Offset(5000), r.store.head())
		assert.Equal(t, uint64(1), r.store.total.Requests)
		assert.True(t, r.Health().OK())
		assert.Empty(t, r.lines.all())
	})
}

func TestCountersGoOnFromTheStore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, exact(), script(down))
		assert.Zero(t, r.Stats().Requests)
		r.log.add(1000)
		sleep(time.Minute)
		first := r.Stats().Counters
		assert.Equal(t, uint64(2), first.Requests)
		assert.Equal(t, first, r.store.total)
		require.NoError(t, r.stop())

		log := newFakeLog(t)
		s, err := New(log, r.store, exact())
		require.NoError(t, err)
		assert.Equal(t, first, s.Stats().Counters)
	})
}

func TestAmbiguousRequestsAreCountedAndAnsweredOnesAreNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lost := reply{err: errors.New("reset"), lost: true}
		r := start(t, exact(), script(refused, lost, down, lost))
		r.log.add(100)
		sleep(time.Minute)
		st := r.Stats()
		assert.Equal(t, uint64(5), st.Requests)
		assert.Equal(t, uint64(2), st.Ambiguous)
		assert.Equal(t, uint64(200), st.AmbiguousRecords)
		body := uint64(len(r.server.got()[0].body))
		assert.Equal(t, 4*body, st.Bytes, "what was refused was not sent")
		assert.Greater(t, st.RawBytes, 4*uint64(800))
	})
}
