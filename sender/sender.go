package sender

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ledger-sdk/ledger-go/wal"
)

// Sender delivers a log to a server. [Sender.Run] does the work; the other methods
// are safe for concurrent use and never wait for the network or the disk, except
// [Sender.Flush], which is there to wait.
type Sender struct {
	src   Source
	store Store
	cfg   Config
	post  *poster

	wake chan struct{} // holds one token: somebody asked for something

	mu      sync.Mutex
	started bool
	stopped chan struct{} // closed when Run has returned
	asked   request
	walks   []*redrive
	settled wal.Offset
	moved   chan struct{} // closed and replaced when settled grows
	health  Health
	stats   Stats
}

// request is what callers ask of the loop.
type request struct {
	through wal.Offset // send at once up to here
	nudge   bool
	redrive *redrive // walk over the dead letters
}

// Format prints the configuration without its secrets, whatever the verb.
func (s *Sender) Format(f fmt.State, verb rune) { s.cfg.Format(f, verb) }

// New returns a sender for a log, which begins behind the log's head. It touches
// neither disk nor network. The error names every bad field of cfg.
func New(src Source, st Store, cfg Config) (*Sender, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("sender: config: %w", err)
	}
	return &Sender{
		src: src, store: st, cfg: cfg, post: newPoster(&cfg),
		wake: make(chan struct{}, 1), stopped: make(chan struct{}), moved: make(chan struct{}),
		health: Health{Phase: PhaseStopped},
		stats:  Stats{Counters: st.Counters(), Read: src.Head(), Acked: src.Head()},
	}, nil
}

// attempts are the goroutines of a run, one per request under way. They are the
// only ones this package starts, here, with the one that asks for settings, and run joins
// them.
type attempts struct {
	all      sync.WaitGroup
	results  chan result // has room for all, so that none ever blocks
	settings chan []byte // has room for one
}

// result is a flight that comes back from an attempt.
type result struct {
	f *flight
	attempt
}

// start makes an attempt in a goroutine of its own: a request can take as long as
// its timeout, and the loop must stay free.
func (a *attempts) start(f *flight, try func() attempt) {
	a.all.Go(func() { a.results <- result{f, try()} })
}

// ask asks a server for its settings in a goroutine of its own, of which there is one at
// a time.
func (a *attempts) ask(get func() []byte) {
	a.all.Go(func() { a.settings <- get() })
}

// Run delivers until ctx ends. It then cancels the requests under way, waits for
// their goroutines, makes durable what was acked, and returns the error of that.
// A second call returns an error.
func (s *Sender) Run(ctx context.Context) error {
	s.mu.Lock()
	again := s.started
	s.started = true
	s.mu.Unlock()
	if again {
		return errors.New("sender: run: already called")
	}
	defer close(s.stopped)
	if err := newLoop(s).run(ctx); err != nil {
		return fmt.Errorf("sender: run: %w", err)
	}
	return nil
}

// Flush asks for everything up to and including an offset to be sent now, without
// waiting for a batch to fill, and waits until it is settled: acked, durably so,
// or given up by an eviction. Like [Sender.Nudge] it shortens a running backoff,
// once per call.
//
// It returns the error of ctx, with what delivery is doing, or [ErrStopped] if Run
// returned before. The records stay in the log either way.
func (s *Sender) Flush(ctx context.Context, through wal.Offset) error {
	s.ask(request{through: through, nudge: true})
	for {
		s.mu.Lock()
		settled, moved, health := s.settled, s.moved, s.health
		s.mu.Unlock()
		if settled >= through {
			return nil
		}
		var err error
		select {
		case <-moved:
			continue
		case <-ctx.Done():
			err = ctx.Err()
		case <-s.stopped:
			if s.Stats().Acked >= through {
				return nil
			}
			err = ErrStopped
		}
		if health.Reason != "" {
			return fmt.Errorf("sender: flush: %w (%s: %s)", err, health.Phase, health.Reason)
		}
		return fmt.Errorf("sender: flush: %w", err)
	}
}

// Urge asks for everything up to and including an offset to be sent now, as
// [Sender.Flush] does, and does not wait for it.
func (s *Sender) Urge(through wal.Offset) { s.ask(request{through: through, nudge: true}) }

// Nudge has a running backoff end early: at once, but not sooner after the last
// attempt than the first step of the backoff. It shortens neither a pause that
// the server asked for nor a hold.
func (s *Sender) Nudge() { s.ask(request{nudge: true}) }

func (s *Sender) ask(r request) {
	s.mu.Lock()
	s.asked.through = max(s.asked.through, r.through)
	s.asked.nudge = s.asked.nudge || r.nudge
	if r.redrive != nil {
		s.walks = append(s.walks, r.redrive)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // The loop has not looked since the last token and will see both.
	}
}

// take returns what was asked for, and forgets nudges and walks.
func (s *Sender) take() (request, []*redrive) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, walks := s.asked, s.walks
	s.asked.nudge, s.walks = false, nil
	return r, walks
}

// publish shows what the loop is doing to the other methods.
func (s *Sender) publish(h Health, st Stats, settled wal.Offset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.health, s.stats = h, st
	if settled > s.settled {
		s.settled = settled
		close(s.moved)
		s.moved = make(chan struct{})
	}
}

// Stats returns the numbers of this moment.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Health returns the condition of this moment.
func (s *Sender) Health() Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.health
}
