package otlp

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Letter is what is known about a dead letter besides its record.
//
// On disk it follows the record's bytes, as a field of ScopeLogs that the protocol does
// not have and that every receiver therefore skips. So a log of dead letters is a log of
// records to whoever reads records.
type Letter struct {
	// Destination that refused the record, Offset of the record in the log.
	Destination string
	Offset      uint64
	// Reason is ours: rejected, too_large, partial or quota. Status is that of the
	// server's answer, Message its words, printable and bounded.
	Reason  string
	Status  int
	Message string
	// First and Last attempt, and how many there were.
	First, Last time.Time
	Attempts    int
}

const (
	fieldLetter = 60_001 // of ScopeLogs; no such field exists

	tagLetterDestination = 1<<3 | length
	tagLetterOffset      = 2<<3 | varint
	tagLetterReason      = 3<<3 | length
	tagLetterStatus      = 4<<3 | varint
	tagLetterMessage     = 5<<3 | length
	tagLetterFirst       = 6<<3 | fixed64
	tagLetterLast        = 7<<3 | fixed64
	tagLetterAttempts    = 8<<3 | varint
)

// AppendLetter appends l to the bytes of its record.
func AppendLetter(dst []byte, l Letter) []byte {
	var b []byte
	b = appendText(b, tagLetterDestination, l.Destination)
	b = appendVarint(b, tagLetterOffset, l.Offset)
	b = appendText(b, tagLetterReason, l.Reason)
	b = appendVarint(b, tagLetterStatus, uint64(l.Status))
	b = appendText(b, tagLetterMessage, Clean(l.Message))
	b = appendFixed64(b, tagLetterFirst, uint64(l.First.UnixNano()))
	b = appendFixed64(b, tagLetterLast, uint64(l.Last.UnixNano()))
	b = appendVarint(b, tagLetterAttempts, uint64(l.Attempts))
	dst = protowire.AppendTag(dst, fieldLetter, protowire.BytesType)
	return protowire.AppendBytes(dst, b)
}

// SplitLetter takes what AppendLetter made apart: the bytes of the record, which alias
// b, and the letter.
func SplitLetter(b []byte) (record []byte, l Letter, err error) {
	r := reader{rest: b}
	for r.next() {
		if r.tag == fieldLetter<<3|length {
			record = b[: len(b)-len(r.rest)-protowire.SizeTag(fieldLetter)-protowire.SizeBytes(len(r.bytes)) : len(b)]
			l, err = parseLetter(r.bytes)
			break
		}
	}
	if err = firstError(err, r.err); err == nil && record == nil {
		err = errors.New("it has none")
	}
	if err != nil {
		return nil, Letter{}, fmt.Errorf("otlp: split letter: %w", err)
	}
	return record, l, nil
}

func parseLetter(b []byte) (Letter, error) {
	var l Letter
	r := reader{rest: b}
	for r.next() {
		switch r.tag {
		case tagLetterDestination:
			l.Destination = string(r.bytes)
		case tagLetterOffset:
			l.Offset = r.bits
		case tagLetterReason:
			l.Reason = string(r.bytes)
		case tagLetterStatus:
			l.Status = int(int32(r.bits))
		case tagLetterMessage:
			l.Message = serverText(r.bytes)
		case tagLetterFirst:
			l.First = time.Unix(0, int64(r.bits))
		case tagLetterLast:
			l.Last = time.Unix(0, int64(r.bits))
		case tagLetterAttempts:
			l.Attempts = int(int32(r.bits))
		}
	}
	return l, r.err
}
