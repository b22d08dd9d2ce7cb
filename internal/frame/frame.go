package frame

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	// HeaderSize is the number of bytes that precede the payload.
	HeaderSize = 32
	// MaxPayload bounds a payload in bytes. A length beyond it is damage, whatever
	// the bytes around it say: no reader allocates or skips on an unchecked length.
	MaxPayload = 4 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header is the part of a frame that says where its record belongs.
type Header struct {
	Offset   uint64
	Time     int64
	Resource uint32
	Skipped  uint32
}

// Size returns the length in bytes of a frame with n bytes of payload.
func Size(n int) int { return HeaderSize + n }

// Seed starts a checksum with the epoch of a log. Compute it once per log.
func Seed(epoch uint64) uint32 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], epoch)
	return crc32.Update(0, castagnoli, b[:])
}

// Sum continues seed over a payload. It is the expensive part of a frame and
// needs no lock.
func Sum(seed uint32, payload []byte) uint32 {
	return crc32.Update(seed, castagnoli, payload)
}

// Put writes the frame of payload, whose [Sum] is sum, to the start of dst, which
// must hold Size(len(payload)) bytes. The checksum goes in last: a frame whose
// writer died on the way does not verify.
func Put(dst []byte, h Header, payload []byte, sum uint32) {
	copy(dst[HeaderSize:], payload)
	putHeader(dst, h, uint32(len(payload)), sum)
}

// Append appends the frame of payload to dst.
func Append(dst []byte, h Header, payload []byte, seed uint32) []byte {
	var head [HeaderSize]byte
	putHeader(head[:], h, uint32(len(payload)), Sum(seed, payload))
	dst = append(dst, head[:]...)
	return append(dst, payload...)
}

func putHeader(dst []byte, h Header, length, sum uint32) {
	le := binary.LittleEndian
	le.PutUint32(dst[4:], length)
	le.PutUint64(dst[8:], h.Offset)
	le.PutUint64(dst[16:], uint64(h.Time))
	le.PutUint32(dst[24:], h.Resource)
	le.PutUint32(dst[28:], h.Skipped)
	le.PutUint32(dst[0:], crc32.Update(sum, castagnoli, dst[4:HeaderSize]))
}

// Peek reads the header at the start of b and the length of its payload without
// verifying anything. ok is false if b is too short for a header, or if the
// length is beyond what a frame can have.
func Peek(b []byte) (h Header, length int, ok bool) {
	if len(b) < HeaderSize {
		return Header{}, 0, false
	}
	le := binary.LittleEndian
	n := le.Uint32(b[4:])
	if n > MaxPayload {
		return Header{}, 0, false
	}
	return Header{
		Offset:   le.Uint64(b[8:]),
		Time:     int64(le.Uint64(b[16:])),
		Resource: le.Uint32(b[24:]),
		Skipped:  le.Uint32(b[28:]),
	}, int(n), true
}

// Parse reads and verifies the frame at the start of b. The payload aliases b;
// the frame occupies Size(len(payload)) bytes. ok is false if no whole frame of
// this log starts here.
func Parse(b []byte, seed uint32) (h Header, payload []byte, ok bool) {
	h, n, ok := Peek(b)
	if !ok || len(b) < HeaderSize+n {
		return Header{}, nil, false
	}
	payload = b[HeaderSize : HeaderSize+n : HeaderSize+n]
	sum := crc32.Update(Sum(seed, payload), castagnoli, b[4:HeaderSize])
	if sum != binary.LittleEndian.Uint32(b) {
		return Header{}, nil, false
	}
	return h, payload, true
}

// Reskip rewrites, in place, how many offsets before the frame at the start of b
// were evicted, and its checksum with it. b must hold a whole frame.
func Reskip(b []byte, skipped, seed uint32) {
	h, n, ok := Peek(b)
	if !ok || len(b) < HeaderSize+n {
		return
	}
	h.Skipped = skipped
	putHeader(b, h, uint32(n), Sum(seed, b[HeaderSize:HeaderSize+n]))
}
