package ring

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// ErrTooLarge is returned by Push for a record that the ring could not hold even
// if it were empty.
var ErrTooLarge = errors.New("ring: record is larger than the ring")

// ErrClosed is returned by Push after Close.
var ErrClosed = errors.New("ring: closed")

const (
	// hold is how many bytes Take copies before it lets producers in: about a
	// microsecond of copying.
	hold = 16 << 10
	// align keeps headers from straddling cache lines more than they must.
	align = 8
	// pad in the length field says that the rest of the memory is unused.
	pad = ^uint32(0)
)

// Config describes a ring.
type Config struct {
	// Epoch of the log that the frames are for.
	Epoch uint64
	// Resource that the records of this process refer to.
	Resource uint32
	// Next is the offset of the first record that will be pushed.
	Next uint64
	// MaxRecords bounds the records that wait to be taken. 0 is no bound.
	MaxRecords int
}

// Ring is safe for use by any number of producers and one consumer.
type Ring struct {
	seed     uint32
	resource uint32
	max      int
	size     int // of mem, in bytes

	mapped  atomic.Bool // mem is a mapping: touching it may fault
	mapping *mapping    // set once, by Map

	mu   sync.Mutex
	mem  []byte
	mark marker // in the mapping, zero without one
	head uint64 // position of the next push; positions only grow, modulo len(mem) they index mem
	read uint64 // position of the next frame to take
	tail uint64 // position of the oldest frame that is kept

	next    uint64 // offset of the next push
	toTake  uint64 // offset of the frame at read
	oldest  uint64 // offset of the frame at tail
	taken   uint64 // offset up to which Take has accounted: holes after it are evictions
	waiting int64  // bytes between read and head, padding left out
	evicted uint64
	closed  bool
	rescued []Run // saved from a mapping that failed, to be taken first
	fault   error // why the mapping was given up
}

// New returns an empty ring over mem, whose length must be a multiple of 8.
func New(mem []byte, c Config) *Ring {
	return &Ring{
		seed: frame.Seed(c.Epoch), resource: c.Resource, max: c.MaxRecords, size: len(mem), mem: mem,
		next: c.Next, toTake: c.Next, oldest: c.Next, taken: c.Next - 1,
	}
}

// Admitted says where a record went and how full that made the ring.
type Admitted struct {
	Offset uint64
	// Records and Bytes wait to be taken, this record included.
	Records int
	Bytes   int64
}

// Push admits a record. payload is copied. now is its admission time in Unix
// nanoseconds. Errors: [ErrTooLarge], [ErrClosed].
func (r *Ring) Push(payload []byte, now int64) (Admitted, error) {
	if !r.mapped.Load() {
		return r.push(payload, now)
	}
	a, err, ok := r.pushMapped(payload, now)
	if !ok { // The mapping failed under it and is given up: the record is not in.
		return r.push(payload, now)
	}
	return a, err
}

func (r *Ring) push(payload []byte, now int64) (Admitted, error) {
	need := aligned(frame.Size(len(payload)))
	if need > r.size || len(payload) > frame.MaxPayload {
		return Admitted{}, ErrTooLarge
	}
	sum := frame.Sum(r.seed, payload)

	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return Admitted{}, ErrClosed
	}
	if r.tail == r.head {
		r.tail, r.read, r.head = 0, 0, 0
	}
	at := r.room(need)
	h := frame.Header{Offset: r.next, Time: now, Resource: r.resource}
	frame.Put(r.mem[at:at+need], h, payload, sum)
	r.mark.admit(r.next)
	r.head += uint64(need)
	r.next++
	r.waiting += int64(frame.Size(len(payload)))
	if r.max > 0 && r.next-r.toTake > uint64(r.max) {
		r.evict()
	}
	return Admitted{Offset: h.Offset, Records: int(r.next - r.toTake), Bytes: r.waiting}, nil
}

// Close ends admission: when it has returned, no Push admits a record any more.
// What was admitted can still be taken.
func (r *Ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// Unmap lets go of the file of a mapped ring, which must be closed and empty. A
// ring in ordinary memory has none.
func (r *Ring) Unmap() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mapping == nil {
		return nil
	}
	m := r.mapping
	r.mapping, r.mark = nil, marker{}
	r.mem, r.head, r.read, r.tail = make([]byte, align), 0, 0, 0
	r.mapped.Store(false)
	return m.close()
}

// Sync makes what is in the file of a mapped ring survive a power cut. It does not
// delay producers. For a ring in ordinary memory it fails.
func (r *Ring) Sync() error {
	r.mu.Lock()
	m := r.mapping
	r.mu.Unlock()
	if m == nil || !r.mapped.Load() {
		return errors.ErrUnsupported
	}
	return m.sync()
}

// room makes need contiguous bytes free at head, giving up the oldest frames if
// it must, and returns their index. Caller holds mu.
func (r *Ring) room(need int) int {
	size := uint64(len(r.mem))
	at := int(r.head % size)
	if rest := len(r.mem) - at; rest < need {
		for r.head+uint64(rest)-r.tail > size {
			r.dropTail()
		}
		if rest >= frame.HeaderSize {
			binary.LittleEndian.PutUint32(r.mem[at+4:], pad)
		}
		r.head += uint64(rest)
		at = 0
	}
	for r.head+uint64(need)-r.tail > size {
		r.dropTail()
	}
	return at
}

// dropTail gives up the oldest frame that is kept. If it has been taken the log
// has it in hand, and it is gone only if the process dies before the log has written
// it; otherwise it is evicted. Caller holds mu.
func (r *Ring) dropTail() {
	if r.tail == r.read {
		r.evict()
	}
	if r.tail < r.read {
		r.tail, _ = r.after(r.tail)
		r.oldest++
		r.mark.evict(1, r.oldest) // As far as the log lacks them.
	}
}

// evict gives up the oldest frame that has not been taken. Caller holds mu.
func (r *Ring) evict() {
	if r.read == r.head {
		return
	}
	next, size := r.after(r.read)
	r.read = next
	r.toTake++
	r.mark.evict(r.taken+1, r.toTake)
	r.waiting -= int64(size)
	r.evicted++
}

// after returns the position behind the frame at pos, which must hold one, and
// that frame's size without padding. Caller holds mu.
func (r *Ring) after(pos uint64) (next uint64, size int) {
	pos = r.skipPad(pos)
	_, n, _ := frame.Peek(r.mem[pos%uint64(len(r.mem)):])
	size = frame.Size(n)
	return pos + uint64(aligned(size)), size
}

// skipPad moves a position at the unused end of the memory to its beginning.
func (r *Ring) skipPad(pos uint64) uint64 {
	at := int(pos % uint64(len(r.mem)))
	rest := len(r.mem) - at
	if rest < frame.HeaderSize || binary.LittleEndian.Uint32(r.mem[at+4:]) == pad {
		return pos + uint64(rest)
	}
	return pos
}

func aligned(n int) int { return (n + align - 1) &^ (align - 1) }
