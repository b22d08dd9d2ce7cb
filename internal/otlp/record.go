package otlp

import (
	"log/slog"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Record is one log record as OTLP knows it. A zero field is left out.
type Record struct {
	// Time is when the thing happened, Observed when we learned of it, in
	// nanoseconds since the Unix epoch.
	Time, Observed int64
	// Severity is OTLP's number, 1 (TRACE) to 24 (FATAL4).
	Severity     int
	SeverityText string
	// Body is the message. It is written even if empty.
	Body      string
	EventName string
	// TraceID and SpanID are absent if zero, and Flags with them.
	TraceID [16]byte
	SpanID  [8]byte
	Flags   uint32
	// Attrs may hold any slog.Value. AppendRecord only reads it.
	Attrs []slog.Attr
	// Flat says that Attrs is what Flatten and Dedup returned, which saves doing
	// that again.
	Flat bool
	// Dropped counts attributes the caller left out. AppendRecord adds its own.
	Dropped uint32
}

// inlineAttrs is how many attributes AppendRecord flattens without the heap.
const inlineAttrs = 32

// AppendRecord appends r as an element of ScopeLogs.log_records, tag and length
// included, and returns the extended buffer. It keeps nothing of r. Fields stand in
// the order of their numbers, as the official encoder puts them.
func AppendRecord(dst []byte, r *Record) []byte {
	dst, at := BeginRecord(dst, r)
	dst, dropped := appendAttrs(dst, tagRecordAttrs, r.Attrs, r.Flat)
	return EndRecord(dst, at, r, dropped)
}

// BeginRecord appends what of r stands before its attributes. With [AppendAttr],
// [AppendText] and [EndRecord] it makes a record of attributes that are in no list.
func BeginRecord(dst []byte, r *Record) ([]byte, int) {
	dst, at := begin(dst, tagScopeLogsRecords)
	if r.Time != 0 {
		dst = appendFixed64(dst, tagRecordTime, uint64(r.Time))
	}
	if r.Severity != 0 {
		dst = appendVarint(dst, tagRecordSeverity, uint64(r.Severity))
	}
	if r.SeverityText != "" {
		dst = appendText(dst, tagRecordSeverityText, Clean(r.SeverityText))
	}
	dst, body := begin(dst, tagRecordBody)
	return end(appendText(dst, tagValueString, Clean(r.Body)), body), at
}

// AppendAttr appends an attribute of a record, whose key is clean and whose value
// is plain.
func AppendAttr(dst []byte, key string, v slog.Value) []byte {
	return appendPair(dst, tagRecordAttrs, key, v)
}

// AppendText appends an attribute of a record, whose key and value are clean.
func AppendText[T string | []byte](dst []byte, key string, value T) []byte {
	return appendPairText(dst, tagRecordAttrs, key, value)
}

// AppendInt appends an attribute of a record, whose key is clean.
func AppendInt(dst []byte, key string, n int64) []byte {
	dst, pair := begin(dst, tagRecordAttrs)
	dst = appendText(dst, tagPairKey, key)
	dst = append(dst, tagPairValue, byte(1+protowire.SizeVarint(uint64(n))))
	return end(appendVarint(dst, tagValueInt, uint64(n)), pair)
}

// EndRecord appends what of r stands behind its attributes, of which dropped more
// than r says were left out. at is what [BeginRecord] returned.
func EndRecord(dst []byte, at int, r *Record, dropped int) []byte {
	if n := min(uint64(r.Dropped)+uint64(dropped), math.MaxUint32); n != 0 {
		dst = appendVarint(dst, tagRecordDropped, n)
	}
	dst = appendContext(dst, r)
	if r.Observed != 0 {
		dst = appendFixed64(dst, tagRecordObserved, uint64(r.Observed))
	}
	if r.EventName != "" {
		dst = appendText(dst, tagRecordEventName, Clean(r.EventName))
	}
	return end(dst, at)
}

// appendContext appends the trace the record belongs to. A span without a trace,
// or flags without a trace, would be a context no reader accepts.
func appendContext(dst []byte, r *Record) []byte {
	if r.TraceID == [16]byte{} {
		return dst
	}
	if r.Flags != 0 {
		dst = protowire.AppendFixed32(append(dst, tagRecordFlags), r.Flags)
	}
	dst = appendText(dst, tagRecordTraceID, r.TraceID[:])
	if r.SpanID != [8]byte{} {
		dst = appendText(dst, tagRecordSpanID, r.SpanID[:])
	}
	return dst
}

// appendAttrs appends attrs as KeyValue messages and returns how many of them it
// had to leave out.
func appendAttrs(dst []byte, tag byte, attrs []slog.Attr, flat bool) (_ []byte, dropped int) {
	if !flat {
		var scratch [inlineAttrs]slog.Attr
		attrs, dropped = Flatten(scratch[:0], "", attrs)
		attrs = Dedup(attrs)
	}
	for _, a := range attrs {
		dst = appendPair(dst, tag, a.Key, a.Value)
	}
	return dst, dropped
}
