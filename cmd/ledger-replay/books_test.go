package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

func TestBooks_L2(t *testing.T) {
	type step struct {
		offset  wal.Offset
		skipped uint64
	}
	cp := func(head, last wal.Offset, evicted, lost, dead uint64) *wal.Checkpoint {
		return &wal.Checkpoint{Epoch: 1, Head: head, Last: last, Evicted: evicted, Lost: lost, Dead: dead}
	}
	for name, tt := range map[string]struct {
		cp      *wal.Checkpoint // nil is a lost state
		found   []step
		settled wal.Offset
		want    balance
		missing uint64
	}{
		"nothing":                   {cp: cp(0, 0, 0, 0, 0)},
		"all pending":               {cp: cp(0, 2, 0, 0, 0), found: []step{{1, 0}, {2, 0}}, want: balance{Accepted: 2, Pending: 2}},
		"some acked":                {cp: cp(1, 2, 0, 0, 0), found: []step{{1, 0}, {2, 0}}, want: balance{Accepted: 2, Delivered: 1, Pending: 1}},
		"acked and gone":            {cp: cp(5, 5, 1, 1, 1), want: balance{Accepted: 5, Delivered: 2, Dead: 1, Evicted: 1, Lost: 1}},
		"hole is an eviction":       {cp: cp(0, 0, 0, 0, 0), found: []step{{1, 0}, {4, 2}}, want: balance{Accepted: 4, Pending: 2, Evicted: 2}},
		"hole is partly a loss":     {cp: cp(0, 0, 0, 0, 0), found: []step{{1, 0}, {6, 3}}, want: balance{Accepted: 6, Pending: 2, Evicted: 3, Lost: 1}, missing: 1},
		"frame claims too much":     {cp: cp(0, 0, 0, 0, 0), found: []step{{3, 99}}, want: balance{Accepted: 3, Pending: 1, Evicted: 2}},
		"hole across the head":      {cp: cp(3, 3, 0, 0, 0), found: []step{{1, 0}, {6, 0}}, want: balance{Accepted: 6, Delivered: 3, Pending: 1, Lost: 2}, missing: 2},
		"end is missing":            {cp: cp(1, 5, 0, 0, 0), found: []step{{1, 0}, {2, 0}}, want: balance{Accepted: 5, Delivered: 1, Pending: 1, Lost: 3}, missing: 3},
		"all is missing":            {cp: cp(2, 5, 0, 0, 0), want: balance{Accepted: 5, Delivered: 2, Lost: 3}, missing: 3},
		"settled while looking":     {cp: cp(2, 5, 0, 0, 0), settled: 4, want: balance{Accepted: 5, Delivered: 4, Lost: 1}, missing: 1},
		"all settled while looking": {cp: cp(2, 5, 0, 0, 0), settled: 6, want: balance{Accepted: 5, Delivered: 5}},
		"state is lost":             {found: []step{{7, 0}, {8, 0}}, want: balance{Accepted: 8, Delivered: 6, Pending: 2}},
		"state is lost, with hole":  {found: []step{{7, 0}, {10, 1}}, want: balance{Accepted: 10, Delivered: 6, Pending: 2, Evicted: 1, Lost: 1}, missing: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := books{known: tt.cp != nil}
			if tt.cp != nil {
				b.cp = *tt.cp
			}
			for _, s := range tt.found {
				require.NoError(t, b.record(s.offset, func() (uint64, error) { return s.skipped, nil }))
			}
			got, missing := b.close(max(tt.settled, b.cp.Head))
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.missing, missing)
			assert.Equal(t, got.Accepted, got.Delivered+got.Pending+got.Dead+got.Evicted+got.Lost)
		})
	}
}

// What status says of a directory is what its owner finds at its next start: the
// oracle is wal.Open on a copy.
func TestStatusAgreesWithTheNextOwner_L2(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 7))
		dir := filepath.Join(scratch(t), "ledger")
		makeAtRandom(t, dir, rng)
		lostState := rng.IntN(4) == 0
		if lostState {
			require.NoError(t, os.Remove(filepath.Join(dir, "state.db")))
		}

		d, err := openDirectory(dir)
		require.NoError(t, err)
		got, err := collect(context.Background(), d, time.Now())
		require.NoError(t, err)

		want := nextOwner(t, dir, lostState)
		assert.Equal(t, balance{
			Accepted: uint64(want.Last), Delivered: want.Delivered, Pending: want.Pending,
			Dead: want.Dead, Evicted: want.Evicted, Lost: want.Lost,
		}, got.Records, "seed %d", seed)
		assert.Equal(t, want.Head, got.Offsets.Acked, "seed %d", seed)
		assert.Equal(t, want.Synced, got.Offsets.Synced, "seed %d", seed)
		if t.Failed() {
			return
		}
	}
}

// makeAtRandom makes a directory with acks, evictions and holes of both kinds, and
// leaves it as a killed process does now and then.
func makeAtRandom(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	m, err := newMaker(dir, 1<<10)
	require.NoError(t, err)
	for range 1 + rng.IntN(12) {
		var skipped, lost int
		if rng.IntN(3) == 0 {
			skipped = rng.IntN(4)
		}
		if rng.IntN(6) == 0 {
			lost = rng.IntN(3)
		}
		first := int(m.log.Next())
		require.NoError(t, m.add(plain(1+rng.IntN(9), time.Now(), first), skipped, lost))
		switch rng.IntN(5) {
		case 0:
			require.NoError(t, m.ack(m.log.Head()+wal.Offset(rng.IntN(6))))
		case 1:
			require.NoError(t, m.evict(uint64(rng.IntN(4))))
		case 2:
			m.log.Evict(uint64(rng.IntN(3))) // Not stored: the checkpoint lags.
		}
	}
	require.NoError(t, m.close())
	segments, err := filepath.Glob(filepath.Join(dir, "wal", "*"))
	require.NoError(t, err)
	if n := len(segments); n > 1 && rng.IntN(3) == 0 { // A byte went bad.
		hit := segments[rng.IntN(n-1)]
		b, err := os.ReadFile(hit)
		require.NoError(t, err)
		b[rng.IntN(len(b))] ^= 0x40
		require.NoError(t, os.WriteFile(hit, b, 0o600))
	}
	if rng.IntN(3) == 0 { // The last write was cut off.
		last := segments[len(segments)-1]
		info, err := os.Stat(last)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(last, max(info.Size()-int64(rng.IntN(200)), 0)))
	}
}

// scratch is a directory in memory where there is one: what is tested here needs no
// real disk, and its many syncs would take a while on one.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ledger-replay-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// nextOwner opens the log as its owner does, and returns what it makes of it.
func nextOwner(t *testing.T, dir string, lostState bool) wal.Stats {
	t.Helper()
	state, err := sender.OpenState(dir)
	require.NoError(t, err)
	defer state.Close()
	opts := wal.Options{Epoch: state.Identity().Epoch, Checkpoint: state.Checkpoint()}
	if lostState {
		opts = wal.Options{}
		opts.Epoch, err = wal.PeekEpoch(filepath.Join(dir, "wal"))
		require.NoError(t, err)
	}
	log, err := wal.Open(filepath.Join(dir, "wal"), opts)
	require.NoError(t, err)
	defer log.Close()
	return log.Stats()
}
