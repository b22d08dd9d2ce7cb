package otlp

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// What a decoder refuses although it is valid protobuf (E5).
var (
	errTooDeep = errors.New("values nested too deep")
	errTooMany = errors.New("too many values")
)

const (
	// maxDecodeDepth bounds lists and maps inside of each other. It exceeds what
	// AppendRecord nests, for all that it writes must be readable.
	maxDecodeDepth = 2 * maxDepth
	// maxDecoded bounds the attributes and list elements of one decoding. Two bytes
	// on the wire can make an element, which takes some fifty in memory.
	maxDecoded = 1 << 19
	// recordWeight is how many of them a record, a scope or a resource counts for.
	recordWeight = 8
)

// reader walks over the fields of one message:
//
//	for r.next() {
//		switch r.tag {
//		case tagScopeName:
//			name = string(r.bytes)
//
// A field that is unknown, or has a known number and an unexpected wire type, has
// a tag of its own and is skipped by every switch, as protobuf asks.
type reader struct {
	rest  []byte
	tag   uint64
	bits  uint64 // the value of a varint or fixed field
	bytes []byte // the value of a length-delimited field; part of the input
	err   error
}

// next moves to the next field. It returns false at the end and on damage, which
// it leaves in err.
func (r *reader) next() bool {
	if r.err != nil || len(r.rest) == 0 {
		return false
	}
	num, typ, n := protowire.ConsumeTag(r.rest)
	if n < 0 {
		return r.fail(n)
	}
	r.rest = r.rest[n:]
	r.tag, r.bits, r.bytes = uint64(num)<<3|uint64(typ), 0, nil
	switch typ {
	case protowire.VarintType:
		r.bits, n = protowire.ConsumeVarint(r.rest)
	case protowire.Fixed64Type:
		r.bits, n = protowire.ConsumeFixed64(r.rest)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(r.rest)
		r.bits = uint64(v)
	case protowire.BytesType:
		r.bytes, n = protowire.ConsumeBytes(r.rest)
	default:
		n = protowire.ConsumeFieldValue(num, typ, r.rest)
	}
	if n < 0 {
		return r.fail(n)
	}
	r.rest = r.rest[n:]
	return true
}

func (r *reader) fail(code int) bool {
	r.err = protowire.ParseError(code)
	return false
}
