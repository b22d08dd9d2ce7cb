package otlp

import "google.golang.org/protobuf/encoding/protowire"

// A field's tag: its number and its wire type in one. Encoder and decoder share
// these, so that they cannot disagree. All are below 128, hence one byte each.
const (
	varint, fixed64, length, fixed32 = 0, 1, 2, 5 // protobuf's wire types

	// ExportLogsServiceRequest, ResourceLogs, ScopeLogs.
	tagRequestResourceLogs = 1<<3 | length
	tagResourceLogsRes     = 1<<3 | length
	tagResourceLogsScopes  = 2<<3 | length
	tagScopeLogsScope      = 1<<3 | length
	tagScopeLogsRecords    = 2<<3 | length

	// Resource, InstrumentationScope.
	tagResourceAttrs = 1<<3 | length
	tagScopeName     = 1<<3 | length
	tagScopeVersion  = 2<<3 | length

	// LogRecord.
	tagRecordTime         = 1<<3 | fixed64
	tagRecordSeverity     = 2<<3 | varint
	tagRecordSeverityText = 3<<3 | length
	tagRecordBody         = 5<<3 | length
	tagRecordAttrs        = 6<<3 | length
	tagRecordDropped      = 7<<3 | varint
	tagRecordFlags        = 8<<3 | fixed32
	tagRecordTraceID      = 9<<3 | length
	tagRecordSpanID       = 10<<3 | length
	tagRecordObserved     = 11<<3 | fixed64
	tagRecordEventName    = 12<<3 | length

	// KeyValue, which is also the entry of a KeyValueList.
	tagPairKey   = 1<<3 | length
	tagPairValue = 2<<3 | length

	// AnyValue, ArrayValue, KeyValueList.
	tagValueString  = 1<<3 | length
	tagValueBool    = 2<<3 | varint
	tagValueInt     = 3<<3 | varint
	tagValueDouble  = 4<<3 | fixed64
	tagValueArray   = 5<<3 | length
	tagValueMap     = 6<<3 | length
	tagValueBytes   = 7<<3 | length
	tagArrayElement = 1<<3 | length
	tagMapPair      = 1<<3 | length

	// ExportLogsServiceResponse, ExportLogsPartialSuccess.
	tagResponsePartial = 1<<3 | length
	tagPartialRejected = 1<<3 | varint
	tagPartialMessage  = 2<<3 | length

	// google.rpc.Status.
	tagStatusCode    = 1<<3 | varint
	tagStatusMessage = 2<<3 | length
)

// begin appends a tag and reserves one byte for a length that is not known yet.
// It returns where that byte is, for end.
func begin(dst []byte, tag byte) ([]byte, int) {
	return append(dst, tag, 0), len(dst) + 1
}

// end writes the length of all that was appended since begin. One byte is enough
// for nearly every attribute; where it is not, the body moves up. Moving a few
// hundred bytes once is cheaper than a pass that computes every size first.
func end(dst []byte, at int) []byte {
	n := len(dst) - at - 1
	if n < 0x80 {
		dst[at] = byte(n)
		return dst
	}
	more := protowire.SizeVarint(uint64(n)) - 1
	dst = append(dst, make([]byte, more)...)
	copy(dst[at+1+more:], dst[at+1:at+1+n])
	protowire.AppendVarint(dst[:at], uint64(n))
	return dst
}

// appendText appends a length-delimited field, the bytes as they are.
func appendText[T string | []byte](dst []byte, tag byte, s T) []byte {
	dst = append(dst, tag)
	if len(s) < 0x80 {
		dst = append(dst, byte(len(s)))
	} else {
		dst = protowire.AppendVarint(dst, uint64(len(s)))
	}
	return append(dst, s...)
}

func appendVarint(dst []byte, tag byte, v uint64) []byte {
	return protowire.AppendVarint(append(dst, tag), v)
}

func appendFixed64(dst []byte, tag byte, v uint64) []byte {
	return protowire.AppendFixed64(append(dst, tag), v)
}

// sizeText is what appendText adds for n bytes.
func sizeText(n int) int { return 1 + protowire.SizeBytes(n) }
