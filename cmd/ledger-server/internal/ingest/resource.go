package ingest

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

var errAttributes = fmt.Errorf("attributes longer than %d characters of JSON", record.MaxAttributes)

// A resource is one of a request, prepared once for all its records: it may be
// large, and there may be a thousand of them.
type resource struct {
	values map[string]pcommon.Value
	stored *record.Resource
	length int   // as jsonLength counts
	err    error // why none of its records can be stored
}

func newResource(m pcommon.Map) *resource {
	values := toMap(m)
	encoded, err := encodeObject(values)
	if err != nil {
		return &resource{err: err}
	}
	r := &resource{values: values, stored: &record.Resource{Attributes: encoded}, length: jsonLength(encoded)}
	if r.length > record.MaxAttributes {
		r.err = errAttributes
	}
	return r
}

// fits reports whether own, the encoded attributes of a record, and those of the
// resource are together no longer than the platform takes. extra is what the
// platform adds to them.
func (r *resource) fits(a attributes, own string, extra int) bool {
	const most = 3 // characters that a byte becomes, at most
	if most*(len(own)+extra)+r.length <= record.MaxAttributes {
		return true
	}
	n := jsonLength(own) + extra + r.length
	for name := range a.own {
		if v, both := r.values[name]; both { // hidden by the record's, so not counted
			hidden, _ := appendField(nil, name, v)
			n -= jsonLength(string(hidden)) + len(", ")
		}
	}
	return n <= record.MaxAttributes
}

// jsonLength returns how many characters the JSON text s would have with
// everything outside ASCII escaped and a space after each comma and colon, as
// the platform counts. s has no white space outside strings.
func jsonLength(s string) int {
	n := len(s)
	inString, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			inString = !inString
		case (r == ',' || r == ':') && !inString:
			n++
		case r >= 0x10000:
			n += len(`\ud83d\ude00`) - 4
		case r >= 0x800:
			n += len(`\u20ac`) - 3
		case r >= 0x80:
			n += len(`\u00e9`) - 2
		}
	}
	return n
}
