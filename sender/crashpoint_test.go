package sender

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/form"
	"github.com/ledger-sdk/ledger-go/wal"
)

// tapped tells of each step from an answer to the disk. The loop stands still meanwhile.
type tapped struct {
	*wal.Reader
	*Account
	at func(step string)
}

func (s tapped) Ack(b *wal.Batch) wal.Checkpoint {
	s.at("before the ack in the log")
	defer s.at("ack in the log")
	return s.Reader.Ack(b)
}

func (s tapped) Bury(b *wal.Batch) wal.Checkpoint {
	s.at("dead letters synced")
	defer s.at("buried in the log")
	return s.Reader.Bury(b)
}

func (s tapped) Save(cp wal.Checkpoint, d Counters) error {
	s.at("before the checkpoint is saved")
	defer s.at("checkpoint saved")
	return s.Account.Save(cp, d)
}

func (s tapped) Learn(l Learned) error {
	s.at("before limits are saved")
	defer s.at("limits saved")
	return s.Account.Learn(l)
}

func (s tapped) Reclaim(cp wal.Checkpoint) {
	s.at("before reclaim")
	s.Reader.Reclaim(cp)
	s.Reader.Stats()
	s.at("reclaimed")
}

// Checkpoint is ambiguous between the two; neither the loop nor this test asks for it.
func (tapped) Checkpoint() {}

// grave is a house with dead letters.
type grave struct {
	*house
	dead *DeadLog
}

func openGrave(t *testing.T, dir string) *grave {
	t.Helper()
	h := openHouse(t, dir)
	d, err := OpenDead(filepath.Join(dir, "dead"), h.state, DeadLimits{}, filepath.Join(dir, "quarantine"))
	require.NoError(t, err)
	return &grave{h, d}
}

func (g *grave) close(t *testing.T) {
	t.Helper()
	assert.NoError(t, g.dead.Close())
	g.house.close(t)
}

// run has a sender at work for a while.
func (g *grave) run(t *testing.T, server *fakeServer, inFlight int, at func(string), work func(*Sender)) {
	t.Helper()
	cfg := small()
	cfg.Compression, cfg.MaxInFlight, cfg.HTTPClient, cfg.Dead = CompressionNone, inFlight, clientOf(server), g.dead
	tap := tapped{g.log.Reader(0), g.state.Account(DefaultDestination), at}
	s, err := New(tap, tap, cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { assert.NoError(t, s.Run(ctx)) })
	work(s)
	cancel()
	run.Wait()
}

type crash struct {
	step string
	dir  string
	kept map[wal.Offset]int
}

// At every step between an answer and the disk the process dies. What it left behind ends
// delivered or dead, once, and what was stored as settled is not sent again (S1, W2, W5,
// L2).
func TestCrashAtEveryStepFromAnAnswerToTheDisk_S1_W2_L2(t *testing.T) {
	const records = 60
	crashes, steps := 0, map[string]bool{}
	for _, inFlight := range []int{1, 4} {
		for _, guilty := range [][]wal.Offset{{1}, {33}, {10, 11, 60}} {
			bubble(t, func(t *testing.T) {
				dir := form.Scratch(t)
				g := openGrave(t, dir)
				g.admit(t, 1) // So that the server has shown that it works.
				p := newPicky()
				server := newFakeServer(func(c call) reply {
					r := p.answer(c)
					r.after = time.Duration(c.n+1) * time.Millisecond
					return r
				})
				var taken []crash
				at := func(step string) {
					c := crash{step, filepath.Join(form.Scratch(t), "copy"), map[wal.Offset]int{}}
					assert.NoError(t, errors.Join(os.CopyFS(c.dir, os.DirFS(dir))))
					p.mu.Lock()
					maps.Copy(c.kept, p.kept)
					p.mu.Unlock()
					taken = append(taken, c)
				}
				g.run(t, server, inFlight, func(string) {}, func(*Sender) { sleep(time.Minute) })
				var bad []wal.Offset
				for _, o := range guilty {
					bad = append(bad, o+1)
				}
				p.set(false, bad...)
				g.admit(t, records)
				g.run(t, server, inFlight, at, func(*Sender) { sleep(time.Hour) })
				alike(t, bad, dead(t, g.dead, DefaultDestination))
				g.close(t)
				for _, c := range taken {
					reviveGrave(t, c, records+1, bad)
					steps[c.step] = true
				}
				crashes += len(taken)
			})
		}
	}
	assert.Len(t, steps, 10, "%v", slices.Sorted(maps.Keys(steps)))
	t.Attr("delivery", fmt.Sprintf("kill between an answer and the disk | %d kills at %d steps: each record delivered or dead, one letter each", crashes, len(steps)))
}

func reviveGrave(t *testing.T, c crash, last wal.Offset, bad []wal.Offset) {
	t.Helper()
	g := openGrave(t, c.dir)
	defer g.close(t)
	reader, account := g.log.Reader(0), g.state.Account(DefaultDestination)
	require.NoError(t, g.dead.Reconcile(reader, account))
	settled := reader.Stats()
	before := dead(t, g.dead, DefaultDestination)
	assert.Len(t, before, int(settled.Dead), "%s: dead records and letters", c.step)
	p := newPicky(bad...)
	server := newFakeServer(p.answer)
	g.run(t, server, 1, func(string) {}, func(*Sender) {
		for range 3 { // A hold ends when something else is accepted.
			sleep(2 * time.Minute)
			g.admit(t, 1)
		}
		sleep(2 * time.Minute)
	})
	after := dead(t, g.dead, DefaultDestination)
	alike(t, bad, after, c.step)
	all := map[wal.Offset]int{}
	maps.Copy(all, c.kept)
	for o, n := range p.kept {
		all[o] += n
		assert.NotContains(t, before, o, "%s: it was dead", c.step)
		assert.Equal(t, 1, n, c.step)
	}
	alike(t, offsets(1, last+3, bad...), slices.Sorted(maps.Keys(all)), c.step)
	assert.Equal(t, settled.Delivered+uint64(len(p.kept)), uint64(last)+3-uint64(len(bad)), "%s: nothing that was stored as settled was sent", c.step)
	assert.Equal(t, last+3, account.Checkpoint().Head, c.step)
	assert.Equal(t, uint64(len(bad)), account.Checkpoint().Dead, c.step)
	assert.Equal(t, uint64(len(bad)), account.Counters().Rejected, "%s: the reasons add up", c.step)
}
