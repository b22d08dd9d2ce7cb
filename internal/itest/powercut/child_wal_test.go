//go:build linux

package powercut

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/frame"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// store is a log and the state that outlives it, without a ring between them and
// whoever logs.
type store struct {
	state *sender.State
	log   *wal.Log
}

// openStore opens both, with segments so small that they come and go.
func openStore(dir string, noSync bool) (store, error) {
	state, err := sender.OpenState(dir)
	if err != nil {
		return store{}, err
	}
	log, err := wal.Open(filepath.Join(dir, "wal"), wal.Options{
		Epoch: state.Identity().Epoch, Checkpoint: state.Account(sender.DefaultDestination).Checkpoint(),
		SegmentSize: 16 << 10, NoSync: noSync,
	})
	if err != nil {
		return store{}, errors.Join(err, state.Close())
	}
	return store{state, log}, nil
}

func (s store) close() error { return errors.Join(s.log.Close(), s.state.Close()) }

// append writes the next n records of a life as one block and returns the last offset.
func (s store) append(l life, n int) (uint64, error) {
	base := s.log.Next()
	run := s.log.NewRun()
	buf := run.Buffer()
	for i := range uint64(n) {
		o := uint64(base) + i
		h := frame.Header{Offset: o, Time: time.Now().UnixNano()}
		buf = frame.Append(buf, h, []byte(text(l.Seed, l.Number, o)), frame.Seed(s.state.Identity().Epoch))
	}
	run.Fill(buf, base, n, 0)
	return uint64(run.Last()), s.log.Append(run)
}

// ack reads some records as a sender would, and settles them. What it reads it says
// before it settles it, as what was sent.
func (s store) ack(b *wal.Batch, n int) error {
	if err := s.log.Reader(0).Read(b, s.log.Head(), wal.Limits{Records: n}); err != nil || b.Len() == 0 {
		return err
	}
	say("sent", uint64(b.Last()))
	s.log.Reader(0).Ack(b)
	return nil
}

// settle stores how far the log is settled, and what was acked a while ago with it.
func (s store) settle() error {
	cp := s.log.Reader(0).Checkpoint()
	if err := s.state.Account(sender.DefaultDestination).Save(cp, sender.Counters{}); err != nil {
		return err
	}
	say("settled", uint64(cp.Head))
	s.log.Reader(0).Reclaim(cp)
	return nil
}

// runWAL appends, syncs, reads, settles, reclaims and opens again, in any order.
func (l life) runWAL() error {
	r := l.random()
	noSync := l.Durability == ledger.SyncNever
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		s, err := openStore(l.Dir, noSync)
		if err != nil {
			return fmt.Errorf("open: %w", err)
		}
		say("open", uint64(s.log.Next()-1))
		last, err := l.useStore(s, r, tick.C)
		if err != nil {
			return err
		}
		if err := s.close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
		say("safe", last)
	}
}

func (l life) useStore(s store, r *rand.Rand, tick <-chan time.Time) (last uint64, err error) {
	last = uint64(s.log.Next() - 1)
	var batch wal.Batch
	acks := r.IntN(3) > 0
	if r.IntN(2) == 0 { // What an earlier process left is to be synced too.
		if err = s.log.Sync(); err != nil {
			return last, err
		}
		say("safe", last)
	}
	for range 20 + r.IntN(300) {
		switch r.IntN(10) {
		case 0, 1, 2, 3:
			n := 1 + r.IntN(40)
			say("log", last+uint64(n))
			if last, err = s.append(l, n); err == nil {
				say("done", last)
			}
		case 4:
			if err = s.log.Sync(); err == nil {
				say("safe", last)
			}
		case 5, 6:
			if acks {
				err = s.ack(&batch, 1+r.IntN(120)*(1+r.IntN(20)))
			}
		case 7:
			err = s.settle()
		case 8:
			s.log.Maintain()
		default:
			<-tick
		}
		if err != nil {
			return last, err
		}
	}
	return last, nil
}
