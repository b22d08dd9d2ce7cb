package ingest

import (
	"errors"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

// A shape is what a body holds, found without decoding it. Two bytes of
// protobuf can make a struct of hundreds, and a nested value a call of the
// decoder for each level: a body has to be looked at before it is decoded (I4, I5).
type shape struct {
	records int // log records; not counted in JSON
	values  int // messages or values that decoding would allocate, at most
}

const (
	// valueBytes is what a value takes, decoded and converted. BenchmarkDecode
	// shows it: 4.7 MB for a batch of 37 000 values.
	valueBytes = 128
	// maxValues is what a batch of MaxBatch records has with 500 attributes each.
	maxValues = 1 << 20
	// maxDepth is the limit that protobuf libraries set by default. JSON has an
	// object and an array for each message.
	maxDepth     = 100
	maxDepthJSON = 2 * maxDepth
)

var (
	errTooDeep   = errors.New("values are nested too deeply")
	errUTF8      = errors.New("text is not UTF-8")
	errWire      = errors.New("not an OTLP logs request in protobuf")
	errSyntax    = errors.New("not JSON")
	errEmptyName = errors.New("a field has an empty name")
)

// admit takes the memory for decoding a body of this shape, or says why it will
// not be decoded.
func (s shape) admit(l *lease) error {
	if s.records > record.MaxBatch {
		return tooMany(s.records)
	}
	if s.values > maxValues {
		return tooLarge("body has more than %d values", maxValues)
	}
	return l.take(int64(s.values) * valueBytes)
}

func tooMany(records int) error {
	return malformed("batch has %d records, the limit is %d", records, record.MaxBatch)
}
