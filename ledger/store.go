package ledger

import (
	"sync"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// store puts checkpoints of a destination into the state. Both its sender, after an ack,
// and the spill loop, after an eviction, have a reason to; the lock and the fresh look at
// the log keep the later write from being the older one (W2).
type store struct {
	*sender.Account
	log *wal.Reader
	mu  sync.Mutex
}

// Save implements [sender.Store]. It stores what is settled now, which is what the
// caller's checkpoint says or more, and then lets the log reclaim it (W5).
func (s *store) Save(_ wal.Checkpoint, d sender.Counters) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cp := s.log.Checkpoint()
	if err := s.Account.Save(cp, d); err != nil {
		return err
	}
	s.log.Reclaim(cp)
	return nil
}
