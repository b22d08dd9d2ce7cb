package ledger

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/wal"
)

const (
	// A block holds what one fsync is worth: beyond these little is gained.
	blockRecords = 1000
	blockBytes   = 512 << 10
	// lookEvery is how often the ring is looked at while there are records.
	lookEvery = 10 * time.Millisecond
	// passBytes go to the log between two syncs. More would gain little, and hold memory
	// in the log that long.
	passBytes = 4 << 20
	// housekeeping is how often an idle client looks after ages and old segments.
	housekeeping = time.Second
	// healEvery spaces attempts to bring a failed disk back.
	healEvery = 250 * time.Millisecond
)

// spill moves records from the ring to the log: one goroutine, which is the only
// one that writes to the log. A slow disk delays it and nobody else (L1).
//
// It looks at the ring by the clock, because waking a goroutine costs the one that
// wakes it a system call, up to a tenth of a millisecond on a virtual machine, and the
// one would be a caller of Log. Only after a time without records does it sleep and has
// to be woken.
type spill struct {
	c    *Client
	full chan struct{} // the ring fills up, or somebody waits: act now
	some chan struct{} // there are records again: look by the clock

	asleep   atomic.Bool
	pressure ring.Admitted // how full the ring is when waiting for the clock will not do
	quit     chan struct{} // closed by stop
	done     chan struct{} // closed when run has ended
	once     sync.Once

	mu     sync.Mutex
	passed chan struct{} // closed, and replaced, at the end of each pass
	failed error         // outcome of the last pass
	force  bool          // somebody waits for a sync, whatever the durability

	safe atomic.Uint64 // offset up to which everything survives a power cut

	// Owned by run.
	spare    *wal.Run
	exposed  wal.Offset // see goOnFromMemory
	since    time.Time  // when records were first seen in the ring, or the disk failed
	nextHeal time.Time
}

func newSpill(c *Client) *spill {
	s := &spill{
		c: c, full: make(chan struct{}, 1), some: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{}), passed: make(chan struct{}),
	}
	s.safe.Store(uint64(c.log.Synced()))
	s.asleep.Store(true)
	s.pressure = ring.Admitted{Records: max(c.wakeRecords(), c.cfg.MaxRecords/2), Bytes: int64(c.ring.Stats().Size / 4)}
	return s
}

func (s *spill) isSafe(o wal.Offset) bool { return s.safe.Load() >= uint64(o) }

// admitted is told how full the ring is after each record. It is on the path of
// every log call: a few comparisons, and now and then a send that never blocks.
func (s *spill) admitted(a ring.Admitted) {
	switch {
	case a.Records >= s.pressure.Records || a.Bytes >= s.pressure.Bytes:
		signal(s.full)
	case s.asleep.Load() && s.asleep.CompareAndSwap(true, false):
		signal(s.some)
	}
}

// wakeRecords is how many records are spilled as soon as they are seen: as many as make
// a request.
func (c *Client) wakeRecords() int { return min(c.cfg.FlushSize, c.cfg.MaxRecords) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // It is signalled already.
	}
}

// run is the loop. It ends after stop, with everything in the ring handed to the
// log and synced as far as the disk allows.
func (s *spill) run() {
	defer close(s.done)
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	every := min(lookEvery, s.c.cfg.SyncEvery)
	look := time.NewTicker(every)
	defer look.Stop()
	look.Stop()
	for {
		select {
		case <-s.full:
			// Whoever waited for the last sync logs again now: one sync for all of them.
			runtime.Gosched()
		case <-s.some:
			look.Reset(every)
			continue
		case now := <-look.C:
			if !s.isDue(now) {
				continue
			}
		case <-tick.C:
			s.keepHouse()
			if s.fallAsleep() {
				look.Stop()
			}
			continue
		case <-s.quit:
			s.nextHeal = time.Time{}
			for more := true; more; {
				s.demand()
				s.pass()
				more = s.c.ring.Stats().Records > 0 && s.outcome() == nil
			}
			return
		}
		s.pass()
		if s.asleep.CompareAndSwap(true, false) {
			look.Reset(every) // A record may have come meanwhile and woken nobody.
		}
	}
}

// isDue reports whether what is in the ring is enough for a block, or has been there
// for SyncEvery by the time of the next look.
func (s *spill) isDue(now time.Time) bool {
	r := s.c.ring.Stats()
	if r.Records == 0 && s.outcome() == nil {
		s.since = time.Time{}
		return false
	}
	if s.since.IsZero() {
		s.since = now
	}
	return r.Records >= s.c.wakeRecords() || r.Bytes >= blockBytes || now.Sub(s.since) >= s.c.cfg.SyncEvery-lookEvery
}

// fallAsleep ends the looking if there was nothing to see for a while. The order
// matters: a record that comes after the second look finds asleep set.
func (s *spill) fallAsleep() bool {
	if !s.since.IsZero() || s.outcome() != nil || s.asleep.Load() {
		return false
	}
	s.asleep.Store(true)
	return s.c.ring.Stats().Records == 0 || !s.asleep.CompareAndSwap(true, false)
}

// stop ends run and waits for it.
func (s *spill) stop() {
	s.once.Do(func() { close(s.quit) })
	<-s.done
}

// ended reports whether run has ended.
func (s *spill) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// pass empties the ring into the log, syncs, and tells those who wait.
func (s *spill) pass() {
	err := s.write()
	if err == nil && (s.forced() || s.c.cfg.Durability != SyncNever) {
		appended := s.c.log.Next() - 1
		if err = s.c.log.Sync(); err == nil {
			s.safe.Store(uint64(appended))
			s.c.ring.Release(uint64(s.c.log.Synced()))
		}
	}
	s.since = time.Time{}
	if err != nil {
		s.settled()
		s.since = time.Now() // Come back to it, even if nothing more is logged.
	}
	s.c.enforceCaps()
	s.c.freeSpace()
	s.finish(err)
}

// write moves everything that waits in the ring. When the log is poisoned it takes
// the records all the same, into memory, and their frames stay in the ring: delivery
// goes on, a kill costs nothing, and the oldest are given up when the ring is full.
//
// A frame stays in the ring until the log has synced it: after a failed sync memory and
// the ring are all that is left of it. So a pass takes half a ring at most, and no more
// than passBytes.
func (s *spill) write() error {
	err := s.heal()
	for left := min(passBytes, s.c.ring.Stats().Size/2); ; {
		if left <= 0 {
			signal(s.full) // There is more; it comes with the next pass.
			break
		}
		if s.spare == nil {
			s.spare = s.c.log.NewRun()
		}
		got := s.c.ring.Take(s.spare.Buffer(), blockRecords, blockBytes)
		if got.Count == 0 {
			break
		}
		run := s.spare
		s.spare = nil // The log owns it from here on.
		left -= len(got.Frames)
		run.Fill(got.Frames, wal.Offset(got.Base), got.Count, s.c.resource.id)
		if failed := s.c.log.Append(run); failed == nil {
			s.c.ring.Release(uint64(s.c.log.Synced()))
		} else if err = failed; !errors.Is(err, wal.ErrPoisoned) {
			return err
		}
	}
	if err != nil {
		s.goOnFromMemory()
	}
	return err
}

// goOnFromMemory has the records delivered that the disk does not take. The ring's
// file has its blocks already, so a full disk can still make it survive a power cut;
// where that fails too, a record is safer with the server than nowhere.
func (s *spill) goOnFromMemory() {
	if taken := wal.Offset(s.c.ring.Stats().Taken); taken > s.exposed {
		_ = s.c.ring.Sync()
		s.c.log.Expose(taken)
		s.exposed = taken
	}
}

// settled notes what needs the disk no more, because a server has it.
func (s *spill) settled() {
	if synced := uint64(s.c.log.Synced()); s.c.cfg.Durability != SyncNever && synced > s.safe.Load() {
		s.safe.Store(synced)
	}
}

// heal brings the log back if it is poisoned, not more often than makes sense.
func (s *spill) heal() error {
	poison := s.c.log.Stats().Err
	if poison == nil {
		return nil
	}
	if time.Now().Before(s.nextHeal) {
		return poison
	}
	if err := s.c.log.Heal(); err != nil {
		s.nextHeal = time.Now().Add(healEvery)
		return err
	}
	s.c.ring.Release(uint64(s.c.log.Synced()))
	return nil
}

// finish ends a pass for those who wait for one.
func (s *spill) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
	s.force = false
	close(s.passed)
	s.passed = make(chan struct{})
}

// demand makes the next pass sync and returns the channel that its end closes.
func (s *spill) demand() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.force = true
	return s.passed
}

// outcome returns the error of the last pass.
func (s *spill) outcome() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

func (s *spill) forced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.force
}

// wait returns when everything up to the offset through is synced, or when a pass
// failed before that, or when ctx ends.
func (s *spill) wait(ctx context.Context, through wal.Offset) error {
	for {
		passed := s.demand()
		if s.isSafe(through) {
			return nil
		}
		signal(s.full)
		select {
		case <-passed:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := s.outcome()
		if s.isSafe(through) {
			return nil
		}
		if err != nil {
			return errors.Join(ErrNotSynced, err)
		}
	}
}

// keepHouse does what time, rather than a record, asks for.
func (s *spill) keepHouse() {
	s.c.expire()
	s.c.enforceCaps()
	s.c.freeSpace()
	s.c.log.Maintain()
	s.c.trend.note(s.c.undelivered(), time.Now())
	if s.c.log.Stats().Err != nil {
		signal(s.full)
	}
}
