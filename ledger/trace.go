package ledger

import "context"

// TraceContext is the place of a record in a distributed trace. It is sent in the
// record's own fields, not as attributes.
type TraceContext struct {
	TraceID [16]byte
	SpanID  [8]byte
	Flags   byte // bit 0: sampled
}

// IsValid reports whether neither ID is zero.
func (tc TraceContext) IsValid() bool {
	return tc.TraceID != [16]byte{} && tc.SpanID != [8]byte{}
}

// ContextWithTrace returns a context that makes [Client.Log] stamp tc on records.
// An invalid tc takes the trace of ctx away.
func ContextWithTrace(ctx context.Context, tc TraceContext) context.Context {
	c := &recordContext{Context: ctx, common: commonOf(ctx)}
	c.common.trace = tc
	return c
}

// TraceFromContext returns the trace that [ContextWithTrace] left in ctx, and whether
// there is a valid one.
func TraceFromContext(ctx context.Context) (TraceContext, bool) {
	return commonOf(ctx).trace.valid()
}

func (tc TraceContext) valid() (TraceContext, bool) {
	if !tc.IsValid() {
		return TraceContext{}, false
	}
	return tc, true
}

// Positions in a traceparent header, "00-<trace id>-<span id>-<flags>".
const (
	traceIDAt      = 3
	spanIDAt       = traceIDAt + 32 + 1
	flagsAt        = spanIDAt + 16 + 1
	traceparentLen = flagsAt + 2
)

// ParseTraceparent parses the value of a W3C traceparent header. Of a version later
// than 00 it reads the fields that this version knows, as the recommendation asks,
// and only the sampled flag. Zero IDs and upper case are invalid.
func ParseTraceparent(s string) (TraceContext, bool) {
	if len(s) < traceparentLen || s[2] != '-' || s[spanIDAt-1] != '-' || s[flagsAt-1] != '-' {
		return TraceContext{}, false
	}
	var version, flags [1]byte
	var tc TraceContext
	ok := lowerHex(version[:], s[:2]) &&
		lowerHex(tc.TraceID[:], s[traceIDAt:spanIDAt-1]) &&
		lowerHex(tc.SpanID[:], s[spanIDAt:flagsAt-1]) &&
		lowerHex(flags[:], s[flagsAt:traceparentLen])
	if !ok || !tc.IsValid() {
		return TraceContext{}, false
	}
	tc.Flags = flags[0]
	rest := s[traceparentLen:]
	switch {
	case version[0] == 0:
		ok = rest == ""
	case version[0] == 0xff:
		ok = false // reserved, never a version
	default:
		ok = rest == "" || rest[0] == '-'
		tc.Flags &= 1
	}
	if !ok {
		return TraceContext{}, false
	}
	return tc, true
}

// lowerHex decodes s, which is twice as long as dst. Upper case is none of the
// recommendation's.
func lowerHex(dst []byte, s string) bool {
	var odd byte
	for i := range dst {
		high, low := hexValues[s[2*i]], hexValues[s[2*i+1]]
		odd |= high | low
		dst[i] = high<<4 | low&0xf
	}
	return odd <= 0xf
}

// hexValues holds the values of digits, and more than 15 for any other character.
var hexValues = func() (values [256]byte) {
	for c := range values {
		values[c] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		values[c] = byte(i)
	}
	return values
}()
