package ring

import (
	"encoding/binary"
	"hash/crc32"
)

// A ring file is a header page and the ring's memory.
//
//	 0      4         8       16      24     28         64         80     96       112     4096
//	+------+---------+-------+-------+------+--- - - --+----------+------+--------+-- - --+-------
//	| LGRR | version | epoch | size  | crc  |   zero   | admitted | from | behind |  zero | memory
//	+------+---------+-------+-------+------+--- - - --+----------+------+--------+-- - --+-------
//
// The first part is written once. admitted is the offset of the youngest record
// that was admitted; [from, behind) are the offsets that were evicted last. Each
// of the three is stored with its complement behind it, so that one that is torn
// or damaged is not believed.
const (
	pageSize    = 4096
	fileVersion = 1
	markAt      = 64
	markEnd     = markAt + 48
)

var (
	fileMagic  = [4]byte{'L', 'G', 'R', 'R'}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func putFileHeader(b []byte, epoch uint64, size int) {
	copy(b, fileMagic[:])
	le := binary.LittleEndian
	le.PutUint32(b[4:], fileVersion)
	le.PutUint64(b[8:], epoch)
	le.PutUint64(b[16:], uint64(size))
	le.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
}

// fileEpoch returns the epoch of a ring file, false if its header does not verify.
func fileEpoch(b []byte) (uint64, bool) {
	le := binary.LittleEndian
	if len(b) < pageSize || [4]byte(b[:4]) != fileMagic || le.Uint32(b[4:]) != fileVersion ||
		le.Uint32(b[24:]) != crc32.Checksum(b[:24], castagnoli) {
		return 0, false
	}
	return le.Uint64(b[8:]), true
}

// marker is the part of the header that changes. The zero marker does nothing.
type marker struct{ b []byte }

// admit notes that the record of an offset is complete.
func (m marker) admit(o uint64) { m.put(0, o) }

// evict notes that the offsets [from, behind) were evicted.
func (m marker) evict(from, behind uint64) {
	m.put(16, from)
	m.put(32, behind)
}

// admitted and evicted return what was noted, zero if it is not to be believed.
func (m marker) admitted() uint64 { return m.get(0) }

func (m marker) evicted() (from, behind uint64) {
	from, behind = m.get(16), m.get(32)
	if from == 0 || behind < from {
		return 0, 0
	}
	return from, behind
}

func (m marker) put(at int, o uint64) {
	if m.b != nil {
		binary.LittleEndian.PutUint64(m.b[at:], o)
		binary.LittleEndian.PutUint64(m.b[at+8:], ^o)
	}
}

func (m marker) get(at int) uint64 {
	o := binary.LittleEndian.Uint64(m.b[at:])
	if binary.LittleEndian.Uint64(m.b[at+8:]) != ^o {
		return 0
	}
	return o
}
