package ring_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/internal/ring"
)

const epoch = 77

func newRing(size, maxRecords int) *ring.Ring {
	return ring.New(make([]byte, size), ring.Config{Epoch: epoch, Resource: 5, Next: 1, MaxRecords: maxRecords})
}

// record returns a payload that names its offset, so that a frame that carries
// another one's bytes is caught.
func record(offset uint64, size int) []byte {
	b := make([]byte, max(size, 8))
	binary.LittleEndian.PutUint64(b, offset)
	return b
}

func push(t *testing.T, r *ring.Ring, offset uint64, size int) ring.Admitted {
	t.Helper()
	a, err := r.Push(record(offset, size), int64(offset))
	require.NoError(t, err)
	require.Equal(t, offset, a.Offset, "offsets are dense and in order (W1)")
	return a
}

type taken struct {
	offset  uint64
	skipped uint32
}

// drain takes everything in runs of at most records and checks every frame.
func drain(t *testing.T, r *ring.Ring, records, bytes int) []taken {
	t.Helper()
	var all []taken
	for {
		run := r.Take(nil, records, bytes)
		if run.Count == 0 {
			return all
		}
		b := run.Frames
		for i := range run.Count {
			h, payload, ok := frame.Parse(b, frame.Seed(epoch))
			require.True(t, ok, "frame %d of the run is whole", i)
			require.Equal(t, run.Base+uint64(i), h.Offset, "a run is dense")
			require.Equal(t, h.Offset, binary.LittleEndian.Uint64(payload))
			require.Equal(t, uint32(5), h.Resource)
			all = append(all, taken{h.Offset, h.Skipped})
			b = b[frame.Size(len(payload)):]
		}
		require.Empty(t, b)
		r.Release(run.Base + uint64(run.Count) - 1)
	}
}

func TestEveryRecordComesOutOnceInOrder_R2(t *testing.T) {
	r := newRing(4096, 0)
	var got []taken
	for i := uint64(1); i <= 500; i++ {
		push(t, r, i, int(i%90))
		if i%7 == 0 {
			got = append(got, drain(t, r, 3, 1<<20)...)
		}
	}
	got = append(got, drain(t, r, 1000, 1<<20)...)
	require.Len(t, got, 500)
	for i, g := range got {
		assert.Equal(t, taken{uint64(i + 1), 0}, g)
	}
}

func TestFullRingGivesUpTheOldestAndCountsIt_R3(t *testing.T) {
	r := newRing(1024, 0)
	const pushed = 100
	for i := uint64(1); i <= pushed; i++ {
		push(t, r, i, 96)
	}
	s := r.Stats()
	assert.Equal(t, uint64(pushed), s.Last)
	assert.Equal(t, 8, s.Records, "1024 bytes hold eight frames of 128")
	assert.Equal(t, uint64(pushed-8), s.Evicted)
	assert.Equal(t, uint64(pushed-8), s.Unreported)

	got := drain(t, r, 1000, 1<<20)
	require.Len(t, got, 8)
	assert.Equal(t, taken{pushed - 7, pushed - 8}, got[0], "the survivor says how many went before it")
	for _, g := range got[1:] {
		assert.Zero(t, g.skipped)
	}
	assert.Zero(t, r.Stats().Unreported)
}

func TestRecordBoundGivesUpTheOldest_R3(t *testing.T) {
	r := newRing(1<<16, 10)
	for i := uint64(1); i <= 25; i++ {
		a := push(t, r, i, 16)
		assert.LessOrEqual(t, a.Records, 10)
	}
	got := drain(t, r, 1000, 1<<20)
	require.Len(t, got, 10)
	assert.Equal(t, taken{16, 15}, got[0])
}

func TestTakenRecordsStayUntilReleased_R4(t *testing.T) {
	r := newRing(1024, 0)
	for i := uint64(1); i <= 8; i++ {
		push(t, r, i, 96)
	}
	run := r.Take(nil, 4, 1<<20)
	require.Equal(t, 4, run.Count)

	// The ring is full. What gives way first is what the log already has in hand.
	for i := uint64(9); i <= 12; i++ {
		push(t, r, i, 96)
	}
	assert.Zero(t, r.Stats().Evicted, "only copies of taken records were given up")
	push(t, r, 13, 96)
	assert.Equal(t, uint64(1), r.Stats().Evicted)
	assert.Equal(t, taken{6, 1}, drain(t, r, 100, 1<<20)[0])
}

func TestReleaseFreesOnlyWhatWasTaken(t *testing.T) {
	r := newRing(1024, 0)
	for i := uint64(1); i <= 8; i++ {
		push(t, r, i, 96)
	}
	r.Release(8)
	for i := uint64(9); i <= 10; i++ {
		push(t, r, i, 96)
	}
	assert.Equal(t, uint64(2), r.Stats().Evicted)
}

func TestTakeStopsAtItsLimits(t *testing.T) {
	for _, tt := range []struct {
		name           string
		records, bytes int
		want           int
	}{
		{"records", 3, 1 << 20, 3},
		{"bytes", 100, 2*128 + 127, 2},
		{"one record however large", 100, 1, 1},
		{"all there is", 100, 1 << 20, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRing(4096, 0)
			for i := uint64(1); i <= 8; i++ {
				push(t, r, i, 96)
			}
			assert.Equal(t, tt.want, r.Take(nil, tt.records, tt.bytes).Count)
		})
	}
}

func TestRecordLargerThanTheRingIsRefused(t *testing.T) {
	r := newRing(1024, 0)
	_, err := r.Push(make([]byte, 1024), 1)
	require.ErrorIs(t, err, ring.ErrTooLarge)
	_, err = ring.New(make([]byte, 16<<20), ring.Config{Next: 1}).Push(make([]byte, frame.MaxPayload+1), 1)
	require.ErrorIs(t, err, ring.ErrTooLarge)
	push(t, r, 1, 1024-frame.HeaderSize)
	assert.Len(t, drain(t, r, 1, 1), 1)
}

func TestClosedRingAdmitsNothingAndKeepsWhatItHas(t *testing.T) {
	r := newRing(1024, 0)
	push(t, r, 1, 8)
	r.Close()
	_, err := r.Push([]byte("late"), 1)
	require.ErrorIs(t, err, ring.ErrClosed)
	assert.Len(t, drain(t, r, 10, 1<<20), 1)
}

// Random sizes, takes and releases against a model that keeps every record.
func TestConservation_L2(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := newRing(1<<(9+rng.IntN(4)), rng.IntN(2)*20)
		pushed, seen, last := uint64(0), uint64(0), uint64(0)
		for range 400 {
			switch rng.IntN(5) {
			case 0:
				for _, g := range drain(t, r, 1+rng.IntN(9), 1+rng.IntN(600)) {
					require.Equal(t, last+uint64(g.skipped)+1, g.offset, "seed %d: every hole is declared", seed)
					last = g.offset
					seen++
				}
			default:
				pushed++
				push(t, r, pushed, rng.IntN(200))
			}
			s := r.Stats()
			require.Equal(t, pushed, seen+uint64(s.Records)+s.Evicted, "seed %d", seed)
		}
	}
}

func TestConcurrentProducersLoseNothing_R1(t *testing.T) {
	r := newRing(1<<20, 0)
	const producers, each = 8, 2000
	var wg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			for range each {
				if _, err := r.Push(make([]byte, 64), 1); err != nil {
					panic(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var got, holes uint64
	for finished := false; !finished; {
		select {
		case <-done:
			finished = true
		default:
		}
		for run := r.Take(nil, 100, 1<<20); run.Count > 0; run = r.Take(nil, 100, 1<<20) {
			h, _, ok := frame.Parse(run.Frames, frame.Seed(epoch))
			require.True(t, ok)
			require.Equal(t, got+holes+uint64(h.Skipped)+1, run.Base)
			holes += uint64(h.Skipped)
			got += uint64(run.Count)
			r.Release(run.Base + uint64(run.Count) - 1)
		}
	}
	assert.Equal(t, uint64(producers*each), got+holes)
	assert.Equal(t, holes, r.Stats().Evicted)
}

func TestPushDoesNotAllocate_R1(t *testing.T) {
	r := newRing(1<<16, 0)
	payload := make([]byte, 440)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = r.Push(payload, 1) }))
}

func BenchmarkPush(b *testing.B) {
	payload := make([]byte, 440)
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("g%d", goroutines), func(b *testing.B) {
			r := newRing(4<<20, 0)
			b.SetParallelism(max(goroutines/2, 1))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = r.Push(payload, 1)
				}
			})
		})
	}
}
