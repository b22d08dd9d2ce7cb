package wal

import (
	"bytes"
	"encoding/binary"

	"github.com/ledger-sdk/ledger-go/internal/frame"
)

// itemKind says what the scanner found.
type itemKind uint8

const (
	itemEnd      itemKind = iota // nothing more
	itemFrame                    // a whole, verified record
	itemResource                 // a whole, verified resource
	itemDamage                   // bytes that do not verify; whole frames around them are found all the same
	itemForeign                  // a block of another epoch
	itemTorn                     // the unfinished end of a segment whose writer died
)

// item is one finding, at bytes [from, to) of the segment.
type item struct {
	kind     itemKind
	head     frame.Header
	payload  []byte // aliases the scanned bytes
	from, to int
	// block is, for damage inside a block, what that block was written with.
	block blockHeader
}

// scanner walks the bytes of a segment. It is pure, never fails and never skips
// a whole frame of its epoch, whatever the bytes in between say: a frame is
// found by its own checksum, the lengths around it are only hints (W7).
//
// b may grow between calls to next, as long as what was there stays.
type scanner struct {
	b      []byte
	epoch  uint64
	seed   uint32
	pos    int
	block  blockHeader
	blocks uint64 // headers seen
	end    int    // where the frames of the current block end; pos < end means inside a block
}

func newScanner(epoch uint64) scanner {
	return scanner{epoch: epoch, seed: frame.Seed(epoch)}
}

// next returns the finding at pos and moves behind it.
func (s *scanner) next() item {
	for {
		if s.pos < s.end {
			return s.inBlock()
		}
		if s.pos >= len(s.b) {
			return item{kind: itemEnd, from: s.pos, to: s.pos}
		}
		length, n := binary.Uvarint(s.b[s.pos:])
		if n <= 0 {
			return s.lost()
		}
		h, ok := parseBlockHeader(s.b[s.pos+n:])
		if !ok {
			return s.lost()
		}
		from := s.pos
		s.enter(h, s.pos+n)
		if h.epoch != s.epoch {
			return s.foreign(from)
		}
		// The length that the underlying log puts before an entry has no checksum
		// and is not used. If it is wrong it is reported all the same.
		if length != blockHeaderSize+uint64(h.bytes) {
			return item{kind: itemDamage, from: from, to: from + n}
		}
	}
}

// enter starts the block whose header is at position at.
func (s *scanner) enter(h blockHeader, at int) {
	s.block = h
	s.blocks++
	s.pos = at + blockHeaderSize
	s.end = s.pos + int(h.bytes)
}

// foreign passes over the block that was just entered, which is another log's.
func (s *scanner) foreign(from int) item {
	s.pos = min(s.end, len(s.b))
	s.end = s.pos
	return item{kind: itemForeign, from: from, to: s.pos}
}

// inBlock reads a frame of the current block.
func (s *scanner) inBlock() item {
	end := min(s.end, len(s.b))
	if h, payload, ok := frame.Parse(s.b[s.pos:end], s.seed); ok {
		return s.found(h, payload)
	}
	from := s.pos
	for q := from + 1; q < end; q++ {
		if s.plausible(q, end) {
			if _, _, ok := frame.Parse(s.b[q:end], s.seed); ok {
				s.pos = q
				return item{kind: itemDamage, from: from, to: q, block: s.block}
			}
		}
	}
	if it, ok := s.find(from, end); ok {
		return it // The header is a stray one: these bytes are not its block.
	}
	// Nothing whole is left in the block. If it reaches beyond the end of the
	// file, or ends in zeros up to there, its writer died here.
	s.pos = end
	if end == len(s.b) && (s.end > len(s.b) || zeroTail(s.b, from)) {
		s.end = s.pos
		return item{kind: itemTorn, from: from, to: end}
	}
	return item{kind: itemDamage, from: from, to: end, block: s.block}
}

// plausible is a cheap test of whether a frame of the current block may start at q.
func (s *scanner) plausible(q, end int) bool {
	h, n, ok := frame.Peek(s.b[q:end])
	if !ok || q+frame.Size(n) > end {
		return false
	}
	o := Offset(h.Offset)
	return o >= s.block.base && o <= s.block.last()
}

// lost looks for the next whole thing when the bytes at pos are no block: a block
// header, or a frame whose block header is damaged.
func (s *scanner) lost() item {
	from := s.pos
	if h, payload, ok := frame.Parse(s.b[from:], s.seed); ok {
		return s.found(h, payload)
	}
	if it, ok := s.find(from, len(s.b)); ok {
		return it
	}
	s.pos, s.end = len(s.b), len(s.b)
	if unfinishedEntry(s.b[from:]) || zeroTail(s.b, from) {
		return item{kind: itemTorn, from: from, to: len(s.b)}
	}
	return item{kind: itemDamage, from: from, to: len(s.b)}
}

// find moves to the first whole thing that starts between from and end.
func (s *scanner) find(from, end int) (item, bool) {
	for q := from + 1; q < end; q++ {
		if s.b[q] == blockMagic[0] {
			if h, ok := parseBlockHeader(s.b[q:]); ok {
				s.enter(h, q)
				if h.epoch != s.epoch {
					return s.foreign(from), true
				}
				return item{kind: itemDamage, from: from, to: q}, true
			}
		}
		if _, _, ok := frame.Parse(s.b[q:], s.seed); ok {
			s.pos, s.end = q, q
			return item{kind: itemDamage, from: from, to: q}, true
		}
	}
	return item{}, false
}

func (s *scanner) found(h frame.Header, payload []byte) item {
	from := s.pos
	s.pos += frame.Size(len(payload))
	kind := itemFrame
	if h.Offset == 0 {
		kind = itemResource
	}
	return item{kind: kind, head: h, payload: payload, from: from, to: s.pos}
}

// unfinishedEntry reports whether b is too short to hold a block header: what
// is left when a writer died within its first bytes.
func unfinishedEntry(b []byte) bool {
	return len(b) < binary.MaxVarintLen32+blockHeaderSize
}

// sector is the unit in which disks tear a write.
const sector = 512

// zeroTail reports whether b ends in zeros that a power cut leaves: everything
// from position from on, or at least a sector.
func zeroTail(b []byte, from int) bool {
	rest := b[from:]
	zeros := len(rest) - len(bytes.TrimRight(rest, "\x00"))
	return zeros == len(rest) || zeros >= sector
}
