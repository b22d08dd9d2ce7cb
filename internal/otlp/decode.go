package otlp

import (
	"fmt"
	"log/slog"
	"math"
)

// DecodedRecord is a log record as it was found in bytes. It is for tools and
// tests: nothing is repaired or escaped, so text may hold invalid UTF-8, control
// characters and terminal escapes.
type DecodedRecord struct {
	Time, Observed int64 // nanoseconds since the Unix epoch; 0 = absent
	Severity       int
	SeverityText   string
	Body           any // like the values of Attrs
	EventName      string
	TraceID        [16]byte // zero if absent, or not 16 bytes long
	SpanID         [8]byte  // likewise
	Flags          uint32
	// Attrs holds string, bool, int64, float64, []byte, []any and map[string]any
	// values, and nil where the value was absent.
	Attrs   []slog.Attr
	Dropped uint32
}

// decoder counts the values of one decoding against maxDecoded.
type decoder struct{ count int }

func (d *decoder) spend(n int) error {
	if d.count += n; d.count > maxDecoded {
		return errTooMany
	}
	return nil
}

// DecodeRecord decodes the first record of b, which is what AppendRecord appended,
// and returns how many bytes it took.
func DecodeRecord(b []byte) (DecodedRecord, int, error) {
	r := reader{rest: b}
	if !r.next() || r.tag != tagScopeLogsRecords {
		if r.err == nil {
			r.err = fmt.Errorf("no record at its start, tag %d", r.tag)
		}
		return DecodedRecord{}, 0, fmt.Errorf("otlp: decode record: %w", r.err)
	}
	var d decoder
	rec, err := d.record(r.bytes)
	if err != nil {
		return DecodedRecord{}, 0, fmt.Errorf("otlp: decode record: %w", err)
	}
	return rec, len(b) - len(r.rest), nil
}

// DecodeResource decodes what AppendResource appended.
func DecodeResource(b []byte) ([]slog.Attr, error) {
	var d decoder
	attrs, err := d.resource(b)
	if err != nil {
		return nil, fmt.Errorf("otlp: decode resource: %w", err)
	}
	return attrs, nil
}

func (d *decoder) record(b []byte) (rec DecodedRecord, err error) {
	if err := d.spend(recordWeight); err != nil {
		return rec, err
	}
	r := reader{rest: b}
	for err == nil && r.next() {
		switch r.tag {
		case tagRecordTime:
			rec.Time = int64(r.bits)
		case tagRecordSeverity:
			rec.Severity = int(int32(r.bits))
		case tagRecordSeverityText:
			rec.SeverityText = string(r.bytes)
		case tagRecordBody:
			rec.Body, err = d.value(r.bytes, maxDecodeDepth)
		case tagRecordAttrs:
			rec.Attrs, err = d.attr(rec.Attrs, r.bytes)
		case tagRecordDropped:
			rec.Dropped = uint32(r.bits)
		case tagRecordFlags:
			rec.Flags = uint32(r.bits)
		case tagRecordTraceID:
			copyID(rec.TraceID[:], r.bytes)
		case tagRecordSpanID:
			copyID(rec.SpanID[:], r.bytes)
		case tagRecordObserved:
			rec.Observed = int64(r.bits)
		case tagRecordEventName:
			rec.EventName = string(r.bytes)
		}
	}
	return rec, firstError(err, r.err)
}

func (d *decoder) resource(b []byte) (attrs []slog.Attr, err error) {
	r := reader{rest: b}
	for err == nil && r.next() {
		if r.tag == tagResourceAttrs {
			attrs, err = d.attr(attrs, r.bytes)
		}
	}
	return attrs, firstError(err, r.err)
}

func (d *decoder) attr(attrs []slog.Attr, b []byte) ([]slog.Attr, error) {
	key, value, err := d.pair(b, maxDecodeDepth)
	if err != nil {
		return nil, err
	}
	return append(attrs, slog.Any(key, value)), nil
}

func (d *decoder) pair(b []byte, depth int) (key string, value any, err error) {
	if err := d.spend(1); err != nil {
		return "", nil, err
	}
	r := reader{rest: b}
	for err == nil && r.next() {
		switch r.tag {
		case tagPairKey:
			key = string(r.bytes)
		case tagPairValue:
			value, err = d.value(r.bytes, depth)
		}
	}
	return key, value, firstError(err, r.err)
}

func (d *decoder) value(b []byte, depth int) (v any, err error) {
	if depth == 0 {
		return nil, errTooDeep
	}
	r := reader{rest: b}
	for err == nil && r.next() {
		switch r.tag {
		case tagValueString:
			v = string(r.bytes)
		case tagValueBool:
			v = r.bits != 0
		case tagValueInt:
			v = int64(r.bits)
		case tagValueDouble:
			v = math.Float64frombits(r.bits)
		case tagValueArray:
			v, err = d.array(r.bytes, depth-1)
		case tagValueMap:
			v, err = d.mapping(r.bytes, depth-1)
		case tagValueBytes:
			v = append([]byte{}, r.bytes...)
		}
	}
	return v, firstError(err, r.err)
}

func (d *decoder) array(b []byte, depth int) (list []any, err error) {
	list = []any{} // an empty list is a value, not an absence
	r := reader{rest: b}
	for err == nil && r.next() {
		if r.tag != tagArrayElement {
			continue
		}
		if err = d.spend(1); err != nil {
			break
		}
		var v any
		v, err = d.value(r.bytes, depth)
		list = append(list, v)
	}
	return list, firstError(err, r.err)
}

func (d *decoder) mapping(b []byte, depth int) (m map[string]any, err error) {
	m = map[string]any{}
	r := reader{rest: b}
	for err == nil && r.next() {
		if r.tag != tagMapPair {
			continue
		}
		var key string
		var v any
		key, v, err = d.pair(r.bytes, depth)
		m[key] = v
	}
	return m, firstError(err, r.err)
}

// copyID ignores an ID of the wrong length: half an ID identifies nothing.
func copyID(dst, src []byte) {
	if len(src) == len(dst) {
		copy(dst, src)
	}
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
