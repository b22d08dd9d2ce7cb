package sender

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Identity of a log. It is made once, with the state file.
type Identity struct {
	// LogID is random. With an offset it names a record everywhere and for ever.
	LogID [16]byte `json:"log_id"`
	// Epoch is random and never 0. It is part of every checksum in the log, so
	// that records of another log are not taken for its own.
	Epoch uint64 `json:"epoch"`
	// Created is when the state file was made.
	Created time.Time `json:"created"`
}

func newIdentity() Identity {
	var b [24]byte
	_, _ = rand.Read(b[:]) // It cannot fail: it ends the program instead.
	id := Identity{LogID: [16]byte(b[:16]), Epoch: binary.BigEndian.Uint64(b[16:]), Created: time.Now().UTC()}
	id.Epoch |= 1 // Zero means "no epoch" elsewhere.
	return id
}

// State is the durable state of a ledger directory, <dir>/state.db, and the lock
// that makes this process the directory's only owner (W8).
//
// It keeps all of the file in memory and only writes after it was opened. It is
// safe for concurrent use.
type State struct {
	dir  string
	lock *os.File // holds W8 until Close

	mu        sync.Mutex
	db        *bbolt.DB // nil after a fault, until revive; nil for good after Close
	closed    bool
	c         contents // what the file says
	recovered string
}

// Identity returns who the log is.
func (s *State) Identity() Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.c.id
}

// Recovered says what was found unreadable and moved to quarantine, "" if nothing.
func (s *State) Recovered() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recovered
}

// Resource returns a stored resource. The bytes belong to the State.
func (s *State) Resource(id uint32) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.c.resources[id]
	return b, ok
}

// AddResource stores a resource, which it copies, and returns its id, never 0.
// The id follows from the bytes: the same resource has the same id again after a
// lost state file, unless two resources collided in their first four bytes.
func (s *State) AddResource(b []byte) (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, known := resourceID(s.c.resources, b)
	if known {
		return id, nil
	}
	next := s.c
	next.resources = maps.Clone(s.c.resources)
	next.resources[id] = bytes.Clone(b)
	err := s.write(next, func(tx *bbolt.Tx) error { return encodeResource(tx, id, b) })
	if err != nil {
		return 0, fmt.Errorf("sender: add resource: %w", err)
	}
	return id, nil
}

// resourceID returns the id of b: the first four bytes of its SHA-256, or the
// next free number if another resource has that.
func resourceID(all map[uint32][]byte, b []byte) (id uint32, known bool) {
	h := sha256.Sum256(b)
	for id = binary.BigEndian.Uint32(h[:]); ; id++ {
		have, taken := all[id]
		switch {
		case id == 0:
		case !taken:
			return id, false
		case bytes.Equal(have, b):
			return id, true
		}
	}
}

// SetEpoch makes the state that of a log with this epoch: if it is another than
// before, nothing is known of any destination any more.
func (s *State) SetEpoch(epoch uint64) error {
	if epoch == 0 {
		return errors.New("sender: set epoch: epoch is zero")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch == s.c.id.Epoch {
		return nil
	}
	next := s.c
	next.id.Epoch, next.accounts = epoch, map[string]account{}
	err := s.write(next, func(tx *bbolt.Tx) error {
		return errors.Join(encodeMeta(tx, next.id), dropDestinations(tx))
	})
	if err != nil {
		return fmt.Errorf("sender: set epoch: %w", err)
	}
	return nil
}

// Close releases the file and then the lock. It is idempotent.
func (s *State) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.db != nil {
		err = contain(s.db.Close)
		s.db = nil
	}
	if err = errors.Join(err, s.lock.Close()); err != nil {
		return fmt.Errorf("sender: close %s: %w", s.dir, err)
	}
	return nil
}
