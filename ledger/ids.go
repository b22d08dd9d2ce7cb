package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
	"time"
)

// idSource makes record IDs: UUIDs of version 7, as 32 hexadecimal digits.
//
//	48 bits  milliseconds since the Unix epoch
//	 4 bits  version
//	12 bits  counter, high part
//	 2 bits  variant
//	28 bits  counter, low part
//	34 bits  random, fixed for the run
//
// The counter starts at random and goes round after 2^40 records, so that no two
// IDs of a run are equal even if its clock stands still or steps back, and those of
// different runs differ in 74 random bits. Within a millisecond IDs sort in the
// order they were made.
type idSource struct {
	counter atomic.Uint64
	run     uint64
}

const (
	counterLowBits = 28
	runBits        = 34
)

func newIDSource() *idSource {
	var seed [16]byte
	_, _ = rand.Read(seed[:]) // never fails, by its documentation
	s := &idSource{run: binary.BigEndian.Uint64(seed[8:]) & (1<<runBits - 1)}
	s.counter.Store(binary.BigEndian.Uint64(seed[:]))
	return s
}

// appendNext appends the next ID. It is safe for concurrent use.
func (s *idSource) appendNext(dst []byte, now time.Time) []byte {
	n := s.counter.Add(1)
	ms := uint64(max(0, now.UnixMilli()))
	high, low := n>>counterLowBits&0xfff, n&(1<<counterLowBits-1)
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], ms<<16|0x7000|high)
	binary.BigEndian.PutUint64(id[8:], 0b10<<62|low<<runBits|s.run)
	return hex.AppendEncode(dst, id[:])
}
