//go:build linux

package powercut

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// config is one with which everything happens within a second.
func (l life) config() ledger.Config {
	return ledger.Config{
		Dir: l.Dir, Endpoint: l.URL, ServiceName: "powercut", Compression: sender.CompressionNone,
		Durability: l.Durability, SyncEvery: 5 * time.Millisecond,
		FlushInterval: 5 * time.Millisecond, FlushSize: 100,
		MaxRecords: l.MaxRecords, MaxBytes: l.MaxBytes, RingBytes: 1 << 20,
		KeepAcked: ledger.Retention{Age: -1},
		Retry:     sender.Retry{Initial: 5 * time.Millisecond, Max: 20 * time.Millisecond},
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
	}
}

// runLedger logs, syncs now and then, and sometimes starts anew.
func (l life) runLedger() error {
	r := l.random()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for left := budget; ; {
		n, err := l.session(r, tick.C, left)
		if err != nil {
			return err
		}
		left -= n
	}
}

// session is one Open with what follows. It returns how many bytes it logged. left is
// how many it may.
func (l life) session(r *rand.Rand, tick <-chan time.Time, left int) (logged int, err error) {
	c, err := ledger.Open(l.config())
	if err != nil {
		return 0, err
	}
	last := c.Stats().Accepted
	say("open", last)
	if r.IntN(2) == 0 { // What an earlier process left is logged too.
		if err := c.Sync(context.Background()); err != nil {
			return 0, fmt.Errorf("sync %d: %w", last, err)
		}
		say("safe", last)
	}
	for range 1 + r.IntN(60) {
		for n := r.IntN(30); n > 0 && logged < left; n-- {
			say("log", last+1)
			msg := text(l.Seed, l.Number, last+1)
			if err := c.Log(context.Background(), ledger.Record{Message: msg}); err != nil {
				return logged, fmt.Errorf("log %d: %w", last+1, err)
			}
			last++
			logged += len(msg)
			say("done", last)
			if l.Durability == ledger.SyncAlways {
				say("safe", last)
			}
		}
		if r.IntN(l.SyncOdds) == 0 {
			if err := c.Sync(context.Background()); err != nil {
				return logged, fmt.Errorf("sync %d: %w", last, err)
			}
			say("safe", last)
		}
		<-tick
	}
	if s := c.Stats(); s.Accepted != last {
		return logged, fmt.Errorf("last offset is %d, not %d: offsets are not dense", s.Accepted, last)
	}
	if s := c.Stats(); s.Disk.Writes+s.Disk.Syncs > 0 {
		return logged, errors.New("the disk failed, which it does not before it is cut")
	}
	if err := c.Close(); err != nil {
		return logged, fmt.Errorf("close: %w", err)
	}
	say("safe", last)
	return logged, nil
}
