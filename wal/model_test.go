package wal

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
)

// model is what the log must agree with: every offset ever assigned and what
// became of it.
type model struct {
	last    Offset
	pending []Offset // in order
	synced  Offset
	exposed Offset // may be read from memory, while the disk takes nothing
	evicted uint64
	done    uint64
	dead    uint64
}

// Random histories of everything a log can go through, with a disk that fails
// now and then. After each step the books must balance and what can be read must
// be exactly the pending records up to the high-water mark.
func TestModel_W1_W2_W4_W5_W6_L2(t *testing.T) {
	first, histories := form.Histories(t, 150, 5000)
	for seed := first; seed < first+uint64(histories); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { history(t, seed) })
	}
}

func history(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	b := &bed{
		t: t, root: form.Scratch(t), disk: &disk{},
		opts: Options{
			Epoch: testEpoch, SegmentSize: int64(200 + rng.IntN(3000)),
			KeepAcked: Retention{Age: time.Duration(rng.IntN(2)) * time.Hour, Bytes: int64(rng.IntN(4000))},
		},
	}
	b.open()
	m := &model{}
	for step := range 120 {
		what := m.step(b, rng)
		s := b.balance()
		msg := fmt.Sprintf("seed %d, step %d: %s", seed, step, what)
		require.Equal(t, m.last, s.Last, msg)
		require.Equal(t, uint64(len(m.pending)), s.Pending, msg)
		require.Equal(t, m.evicted, s.Evicted, msg)
		require.Equal(t, m.done, s.Delivered, msg)
		require.Equal(t, m.dead, s.Dead, msg)
		require.Zero(t, s.Lost, msg)
		require.LessOrEqual(t, s.Synced, s.Last, msg)
		require.Equal(t, m.readable(b.log.poison != nil), b.read(0), msg)
	}
}

func (m *model) readable(poisoned bool) []Offset {
	through := m.synced
	if poisoned {
		through = max(through, m.exposed)
	}
	n, _ := slices.BinarySearch(m.pending, through+1)
	if n == 0 {
		return nil
	}
	return m.pending[:n]
}

// step does one random thing to the log and to the model.
func (m *model) step(b *bed, rng *rand.Rand) string {
	if b.log.poison != nil && rng.IntN(3) == 0 {
		*b.disk = disk{}
		require.NoError(b.t, b.log.Heal())
		m.synced = m.last
		return "heal"
	}
	if b.log.poison != nil && rng.IntN(4) == 0 {
		return m.goOnFromMemory(b, rng)
	}
	switch rng.IntN(12) {
	case 0, 1, 2, 3:
		return m.append(b, rng)
	case 4, 5:
		if b.log.Sync() == nil {
			m.synced = m.last
		}
		return "sync"
	case 6, 7:
		return m.deliver(b, rng)
	case 8:
		n := min(rng.IntN(8), len(m.pending))
		b.log.Reader(0).Evict(uint64(n))
		m.pending = m.pending[n:]
		m.evicted += uint64(n)
		return "evict"
	case 9:
		b.store(b.log.Reader(0).Checkpoint())
		b.log.Maintain()
		return "store and maintain"
	case 10:
		*b.disk = disk{failWrite: rng.IntN(2) == 0, failSync: rng.IntN(2) == 0, failCreate: rng.IntN(4) == 0, short: rng.IntN(2) == 0}
		return "the disk starts failing"
	default:
		return m.restart(b, rng)
	}
}

func (m *model) append(b *bed, rng *rand.Rand) string {
	skipped := rng.IntN(4) * rng.IntN(2)
	r := b.run(1+rng.IntN(9), rng.IntN(120), skipped)
	err := b.log.Append(r)
	if err != nil {
		require.ErrorIs(b.t, err, ErrPoisoned)
	}
	m.evicted += uint64(skipped)
	m.pending = append(m.pending, offsets(r.Base, r.Last())...)
	m.last = r.Last()
	m.synced = max(m.synced, b.log.Synced()) // A roll syncs what came before.
	return "append"
}

func (m *model) deliver(b *bed, rng *rand.Rand) string {
	var batch Batch
	after := Offset(0)
	if len(m.pending) > 0 && rng.IntN(3) == 0 { // Out of turn.
		after = m.pending[rng.IntN(len(m.pending))]
	}
	require.NoError(b.t, b.log.Reader(0).Read(&batch, after, Limits{Records: 1 + rng.IntN(10)}))
	if batch.Len() == 0 {
		return "nothing to deliver"
	}
	settle := b.log.Reader(0).Ack
	if rng.IntN(4) == 0 {
		settle = b.log.Reader(0).Bury
		m.dead += uint64(batch.Len())
	} else {
		m.done += uint64(batch.Len())
	}
	c := settle(&batch)
	at, _ := slices.BinarySearch(m.pending, batch.First())
	m.pending = slices.Delete(slices.Clone(m.pending), at, at+batch.Len())
	fromMemory := batch.Last() > m.synced
	m.synced = b.log.Synced()
	if fromMemory || rng.IntN(3) > 0 {
		b.store(c)
	}
	return "deliver"
}

// goOnFromMemory lets what the disk did not take be delivered, or gives up the
// oldest of it.
func (m *model) goOnFromMemory(b *bed, rng *rand.Rand) string {
	if rng.IntN(2) == 0 {
		b.log.Expose(m.last)
		m.exposed = m.last
		return "expose"
	}
	before := m.synced + Offset(rng.IntN(8))
	n := len(m.pending)
	m.pending = slices.DeleteFunc(slices.Clone(m.pending), func(o Offset) bool { return o > m.synced && o < before })
	gone := uint64(n - len(m.pending))
	m.evicted += gone
	require.Equal(b.t, gone, b.log.EvictUnsynced(before))
	return "evict unsynced"
}

// restart closes or kills the process. What was settled and not stored comes
// back; what was never handed to the kernel is gone with the process.
func (m *model) restart(b *bed, rng *rand.Rand) string {
	what := "kill"
	before := m.pending
	kept := m.last
	if rng.IntN(2) == 0 {
		*b.disk = disk{}
		what = "close"
		b.stored = b.log.Reader(0).Checkpoint()
		require.NoError(b.t, b.log.Close())
		m.synced = m.last
		b.open()
	} else {
		kept = max(b.log.written, m.synced)
		*b.disk = disk{}
		b.log.io.Lock()
		b.log.closed = true
		b.log.io.Unlock()
		b.open()
		m.last = b.log.Next() - 1
		require.GreaterOrEqual(b.t, m.last, m.synced, "W1, W3: nothing synced is lost")
		require.GreaterOrEqual(b.t, m.last, kept, "W3: nothing written is lost by a kill")
	}
	s := b.log.Stats()
	m.synced, m.exposed, m.evicted, m.done, m.dead = m.last, 0, s.Evicted, s.Delivered, s.Dead
	m.pending = b.read(0)
	for _, o := range before {
		if o <= kept && o > b.stored.Head && !within(b.stored.Settled, o) {
			_, ok := slices.BinarySearch(m.pending, o)
			require.True(b.t, ok, "W3: %d was pending and is gone after a %s", o, what)
		}
	}
	return what
}

func within(all []Range, o Offset) bool {
	return slices.ContainsFunc(all, func(r Range) bool { return r.From <= o && o <= r.To })
}
