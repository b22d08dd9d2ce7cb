package wal

import (
	"encoding/binary"
	"hash/crc32"
)

// A block is what one spill writes: a header and a dense run of frames. It is
// one entry of the underlying log.
//
//	 0      4    6    8        16       24      28      32         36     40
//	+------+----+----+--------+--------+-------+-------+----------+------+-----------
//	| LGRB | ver| -  | epoch  | base   | count | bytes | resource | crc  | frames ...
//	+------+----+----+--------+--------+-------+-------+----------+------+-----------
//
// crc is CRC-32C over bytes 0 to 36. The header speeds up reading and tells how
// far a block was meant to reach; no frame depends on it, so a damaged header
// costs nothing.
//
// A block with base 0 holds one frame, with offset 0, whose payload is a
// resource: a segment repeats the resources that its records refer to, so that
// it can be read with nothing else at hand.
const (
	blockHeaderSize = 40
	blockVersion    = 1
)

var (
	blockMagic = [4]byte{'L', 'G', 'R', 'B'}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

type blockHeader struct {
	epoch    uint64
	base     Offset
	count    uint32
	bytes    uint32
	resource uint32
}

// last returns the highest offset that the block was written with.
func (h blockHeader) last() Offset {
	if h.base == 0 {
		return 0
	}
	return h.base + Offset(h.count) - 1
}

func putBlockHeader(b []byte, h blockHeader) {
	le := binary.LittleEndian
	copy(b, blockMagic[:])
	le.PutUint16(b[4:], blockVersion)
	le.PutUint16(b[6:], 0)
	le.PutUint64(b[8:], h.epoch)
	le.PutUint64(b[16:], uint64(h.base))
	le.PutUint32(b[24:], h.count)
	le.PutUint32(b[28:], h.bytes)
	le.PutUint32(b[32:], h.resource)
	le.PutUint32(b[36:], crc32.Checksum(b[:36], castagnoli))
}

func parseBlockHeader(b []byte) (blockHeader, bool) {
	le := binary.LittleEndian
	if len(b) < blockHeaderSize || [4]byte(b[:4]) != blockMagic ||
		le.Uint16(b[4:]) != blockVersion || le.Uint32(b[36:]) != crc32.Checksum(b[:36], castagnoli) {
		return blockHeader{}, false
	}
	return blockHeader{
		epoch:    le.Uint64(b[8:]),
		base:     Offset(le.Uint64(b[16:])),
		count:    le.Uint32(b[24:]),
		bytes:    le.Uint32(b[28:]),
		resource: le.Uint32(b[32:]),
	}, true
}

// Run is a dense run of frames on its way into the log. Its buffer starts with
// room for the block header, so that a run becomes a block without being copied.
type Run struct {
	// Base is the offset of the first frame, Count their number: the offsets are
	// Base, Base+1, ... Base+Count-1.
	Base  Offset
	Count int
	// Resource that the records refer to.
	Resource uint32
	buf      []byte
}

// Buffer returns the slice to append the frames to. Hand the result to [Run.Fill].
func (r *Run) Buffer() []byte {
	if cap(r.buf) < blockHeaderSize {
		r.buf = make([]byte, blockHeaderSize, leastRun)
	}
	return r.buf[:blockHeaderSize]
}

// Fill says what was appended to the slice that [Run.Buffer] returned.
func (r *Run) Fill(buf []byte, base Offset, count int, resource uint32) {
	r.buf, r.Base, r.Count, r.Resource = buf, base, count, resource
}

// Last returns the offset of the last frame.
func (r *Run) Last() Offset { return r.Base + Offset(r.Count) - 1 }

// frames returns the frames without the header.
func (r *Run) frames() []byte { return r.buf[blockHeaderSize:] }

// block completes the header and returns the whole block.
func (r *Run) block(epoch uint64) []byte {
	putBlockHeader(r.buf, blockHeader{
		epoch: epoch, base: r.Base, count: uint32(r.Count),
		bytes: uint32(len(r.buf) - blockHeaderSize), resource: r.Resource,
	})
	return r.buf
}
