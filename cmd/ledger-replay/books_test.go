package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
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
	settled := func(head, last wal.Offset, runs ...wal.Range) *wal.Checkpoint {
		return &wal.Checkpoint{Epoch: 1, Head: head, Last: last, Settled: runs}
	}
	for name, tt := range map[string]struct {
		cp      *wal.Checkpoint // nil is a lost state
		found   []step
		settled wal.Offset
		want    balance
		missing uint64
		head    wal.Offset // beyond that of cp; 0 is cp's
		early   []wal.Offset
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
		"joined later": {
			cp: &wal.Checkpoint{Epoch: 1, Start: 4, Head: 6, Last: 8, Evicted: 1}, found: []step{{3, 0}, {7, 0}, {8, 0}},
			want: balance{Accepted: 4, Delivered: 1, Pending: 2, Evicted: 1},
		},
		"why evicted": {
			cp: &wal.Checkpoint{Epoch: 1, Head: 9, Last: 9, Evicted: 6, Expired: 3, Shed: 1}, want: balance{Accepted: 9, Delivered: 3, Evicted: 6, Expired: 3, Shed: 1},
		},
		"settled out of turn": {
			cp:    settled(1, 6, wal.Range{From: 3, To: 4}, wal.Range{From: 6, To: 6, Dead: true}),
			found: []step{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}},
			want:  balance{Accepted: 7, Delivered: 3, Pending: 3, Dead: 1},
		},
		"settled up to the head": {
			cp:    settled(1, 5, wal.Range{From: 2, To: 3}, wal.Range{From: 4, To: 4, Dead: true}),
			found: []step{{5, 0}}, head: 4, want: balance{Accepted: 5, Delivered: 3, Pending: 1, Dead: 1},
		},
		"holes between what is settled": {
			cp:    settled(0, 6, wal.Range{From: 1, To: 1}, wal.Range{From: 4, To: 4}),
			found: []step{{1, 0}, {4, 1}, {6, 0}}, head: 5, missing: 2,
			want: balance{Accepted: 6, Delivered: 2, Pending: 1, Evicted: 1, Lost: 2},
		},
		"settled and not on disk any more": {
			cp: settled(0, 4, wal.Range{From: 2, To: 3}), found: []step{{1, 0}, {4, 0}},
			want: balance{Accepted: 4, Delivered: 2, Pending: 2},
		},
		"letters before the books": {
			cp: settled(1, 6, wal.Range{From: 4, To: 4, Dead: true}), early: []wal.Offset{1, 2, 4, 5, 9},
			found: []step{{2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}}, head: 2,
			want: balance{Accepted: 6, Delivered: 1, Pending: 2, Dead: 3},
		},
		"letters and no state": {
			early: []wal.Offset{2, 6, 8}, found: []step{{5, 0}, {6, 0}, {7, 0}}, head: 4,
			want: balance{Accepted: 7, Delivered: 4, Pending: 2, Dead: 1},
		},
		"state is lost":            {found: []step{{7, 0}, {8, 0}}, want: balance{Accepted: 8, Delivered: 6, Pending: 2}},
		"state is lost, with hole": {found: []step{{7, 0}, {10, 1}}, want: balance{Accepted: 10, Delivered: 6, Pending: 2, Evicted: 1, Lost: 1}, missing: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := books{known: tt.cp != nil}
			if tt.cp != nil {
				b.cp = *tt.cp
			}
			assert.Equal(t, len(tt.early) > 0, b.bury(tt.early))
			for _, s := range tt.found {
				_, err := b.record(s.offset, func() (uint64, error) { return s.skipped, nil })
				require.NoError(t, err)
			}
			got, missing := b.close(b.through(), max(tt.settled, b.cp.Head))
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.missing, missing)
			if tt.head > 0 {
				assert.Equal(t, tt.head, b.head())
			}
			assert.Equal(t, got.Accepted, got.Delivered+got.Pending+got.Dead+got.Evicted+got.Lost)
		})
	}
}

// What status says of a directory is what its owner finds at its next start, for every
// destination: the oracle is wal.Open on it, with what a client does besides.
func TestStatusAgreesWithTheNextOwner_L2(t *testing.T) {
	first, histories := form.Histories(t, 60, 5000)
	seen := map[string]uint64{}
	root := form.Scratch(t)
	for seed := first; seed < first+uint64(histories); seed++ {
		rng := rand.New(rand.NewPCG(seed, 7))
		dir := filepath.Join(root, strconv.FormatUint(seed, 10))
		names := makeAtRandom(t, dir, rng, []string{"a", "b", sender.DefaultDestination}[rng.IntN(3):])
		cutEnd(t, dir, rng)
		if rng.IntN(5) == 0 {
			require.NoError(t, os.Remove(filepath.Join(dir, "state.db")))
			names = []string{sender.DefaultDestination}
		} else if inTurn(t, dir) {
			// Only the owner learns from a damaged block which offsets it was written with,
			// so without a state those before the first record are a guess. And what was
			// settled out of turn and is damaged, the owner may book as lost.
			flipByte(t, dir, rng)
		}

		d, err := openDirectory(dir)
		require.NoError(t, err)
		got, err := collect(context.Background(), d, time.Now())
		require.NoError(t, err)

		want, log, dead := nextOwner(t, dir, names)
		acked := want[names[0]].Head
		require.Len(t, got.Destinations, len(names), "seed %d", seed)
		for _, g := range got.Destinations {
			w, r := want[g.Name], g.Records
			assert.Equal(t, balance{
				Accepted: uint64(log.Last - w.Start), Delivered: w.Delivered, Pending: w.Pending,
				Dead: w.Dead, Evicted: w.Evicted, Lost: w.Lost, Expired: w.Expired, Shed: w.Shed,
			}, r, "seed %d, %s", seed, g.Name)
			assert.Equal(t, r.Accepted, r.Delivered+r.Pending+r.Dead+r.Evicted+r.Lost)
			assert.Equal(t, w.Head, g.Acked, "seed %d, %s", seed, g.Name)
			acked = min(acked, w.Head)
			for name, n := range map[string]uint64{"ahead": g.AheadRecords, "held": g.HoldsBack, "dead": r.Dead, "evicted": r.Evicted, "lost": r.Lost, "start": uint64(g.Start)} {
				seen[name] += n
			}
		}
		assert.Equal(t, acked, got.Offsets.Acked, "seed %d", seed)
		assert.Equal(t, log.Synced, got.Offsets.Synced, "seed %d", seed)
		assert.Equal(t, dead.Pending, got.DeadLetters.Waiting, "seed %d", seed)
		assert.Equal(t, dead.Dead, got.DeadLetters.Forgotten, "seed %d", seed)
		if t.Failed() {
			return
		}
		require.NoError(t, os.RemoveAll(dir))
	}
	for name, n := range seen {
		if histories == 1 {
			break // One seed that is repeated need not show everything.
		}
		assert.NotZero(t, n, "%s never happened", name)
	}
}

// makeAtRandom makes a directory with acks in and out of turn, dead letters, evictions
// and holes of both kinds, and leaves it as a killed process does now and then. It returns
// the destinations that there were in the end.
func makeAtRandom(t *testing.T, dir string, rng *rand.Rand, names []string) []string {
	t.Helper()
	joined := len(names) // The last one joins later, sometimes.
	if joined > 1 && rng.IntN(2) == 0 {
		joined--
	}
	m, err := newMaker(dir, 1<<10, names[:joined]...)
	require.NoError(t, err)
	steps := 1 + rng.IntN(12)
	for i := range steps {
		if i == 3 && joined < len(names) {
			require.NoError(t, m.close())
			joined = len(names)
			m, err = newMaker(dir, 1<<10, names...)
			require.NoError(t, err)
		}
		var skipped, lost int
		if rng.IntN(3) == 0 {
			skipped = rng.IntN(4)
		}
		if rng.IntN(6) == 0 {
			lost = rng.IntN(3)
		}
		first := int(m.log.Next())
		require.NoError(t, m.add(plain(1+rng.IntN(9), time.Now(), first), skipped, lost))
		name := m.names[rng.IntN(len(m.names))]
		reader, acct := m.reader(name)
		var b wal.Batch
		after := reader.Head() + wal.Offset(rng.IntN(2)*rng.IntN(9))
		require.NoError(t, reader.Read(&b, after, wal.Limits{Records: 1 + rng.IntN(6)}))
		switch rng.IntN(6) {
		case 0, 1:
			require.NoError(t, acct.Save(reader.Ack(&b), sender.Counters{}))
		case 2:
			require.NoError(t, m.evict(name, uint64(rng.IntN(4))))
		case 3:
			reader.Evict(uint64(rng.IntN(3))) // Not stored: the checkpoint lags.
		case 4:
			if b.Len() > 0 {
				l := otlp.Letter{Destination: name, Reason: sender.DeadRejected}
				killed := rng.IntN(3) == 0
				require.NoError(t, m.bury(b.Entries, l, killed))
				if killed {
					require.NoError(t, m.close())
					return m.names
				}
			}
		case 5:
			if m.dead != nil && rng.IntN(3) == 0 {
				_, err := m.dead.Forget(func(l sender.DeadLetter) bool { return l.Offset%2 == 0 })
				require.NoError(t, err)
			}
		}
	}
	require.NoError(t, m.close())
	return m.names
}

// inTurn reports whether nothing was settled out of its turn.
func inTurn(t *testing.T, dir string) bool {
	t.Helper()
	state, err := sender.ReadState(dir)
	require.NoError(t, err)
	for _, a := range state.Accounts {
		if len(a.Checkpoint.Settled) > 0 {
			return false
		}
	}
	_, err = os.Stat(filepath.Join(dir, "dead"))
	return os.IsNotExist(err)
}

// flipByte has a byte of the log go bad, now and then, but for the end of it.
func flipByte(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "wal", "*"))
	require.NoError(t, err)
	if n := len(segments); n > 1 && rng.IntN(3) == 0 {
		hit := segments[rng.IntN(n-1)]
		b, err := os.ReadFile(hit)
		require.NoError(t, err)
		b[rng.IntN(len(b))] ^= 0x40
		require.NoError(t, os.WriteFile(hit, b, 0o600))
	}
}

// cutEnd cuts the last write off, now and then.
func cutEnd(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "wal", "*"))
	require.NoError(t, err)
	if rng.IntN(3) == 0 {
		last := segments[len(segments)-1]
		info, err := os.Stat(last)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(last, max(info.Size()-int64(rng.IntN(200)), 0)))
	}
}

// nextOwner opens the log as its owner does, and returns what it makes of it.
func nextOwner(t *testing.T, dir string, names []string) (map[string]wal.ReaderStats, wal.Stats, wal.ReaderStats) {
	t.Helper()
	state, err := sender.OpenState(dir)
	require.NoError(t, err)
	defer state.Close()
	walDir := filepath.Join(dir, "wal")
	opts := ownerOptions(state, names)
	if epoch, err := wal.PeekEpoch(walDir); epoch != 0 && epoch != opts.Epoch {
		require.NoError(t, errors.Join(err, state.SetEpoch(epoch)))
		opts = wal.Options{Epoch: epoch} // Nothing is known of it.
	}
	log, err := wal.Open(walDir, opts)
	require.NoError(t, err)
	defer log.Close()
	dead, err := sender.OpenDead(filepath.Join(dir, "dead"), state, sender.DeadLimits{}, filepath.Join(dir, "quarantine"))
	require.NoError(t, err)
	all := map[string]wal.ReaderStats{}
	for i, name := range names {
		r, cp := log.Reader(i), state.Account(name).Checkpoint()
		early := dead.Pending(name, r.Head())
		early.Entries = slices.DeleteFunc(early.Entries, func(e wal.Entry) bool { return settles(&cp, e.Offset) })
		r.Bury(early)
		all[name] = r.Stats()
	}
	require.NoError(t, dead.Close())
	letters, err := wal.Open(filepath.Join(dir, "dead"), wal.Options{
		Epoch: state.Identity().Epoch, Checkpoint: state.Account(sender.DeadLetters).Checkpoint(),
	})
	require.NoError(t, err)
	defer letters.Close()
	return all, log.Stats(), letters.Stats().ReaderStats
}
