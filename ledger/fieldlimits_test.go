package ledger

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/sender"
)

// What a server says of its limits is kept to, by both ways of encoding, and what it
// does not say is as it was.
func TestToldFieldLimitsAreKept(t *testing.T) {
	told := knownLimits().within(sender.FieldLimits{Message: 100, ErrorMessage: 80, StackTrace: 1, Attributes: 14_000})
	assert.Equal(t, fieldLimits{100, maxExceptionType, 80, leastLimit, 13_000}, told)
	assert.Equal(t, knownLimits(), knownLimits().within(sender.FieldLimits{}))
	assert.Equal(t, knownLimits(), knownLimits().within(sender.FieldLimits{Message: 1 << 30, Attributes: 102_400}), "ours are never exceeded")

	var p preparer
	decode := func(r Record) otlp.DecodedRecord {
		b := p.encode(nil, &r, &stamp{max: told, id: idOf(testID), now: testNow})
		req, err := otlp.DecodeRequest(append(otlp.AppendRequestPrefix(nil, nil, "s", "", len(b)), b...))
		require.NoError(t, err)
		return req.Resources[0].Scopes[0].Records[0]
	}
	long := strings.Repeat("x", 5000)
	assert.Equal(t, long[:100], decode(Record{Message: long[:100]}).Body)
	assert.Len(t, decode(Record{Message: long}).Body, 100)
	e := decode(Record{Message: "m", Err: errors.New(long), Stack: []byte(long)})
	for _, a := range e.Attrs {
		switch a.Key {
		case keyExceptionMessage:
			assert.Len(t, a.Value.String(), 80)
		case keyExceptionStack:
			assert.LessOrEqual(t, len(a.Value.String()), leastLimit)
		}
	}
	size := 0
	for _, a := range decode(Record{Message: "m", Attrs: []slog.Attr{slog.String("a", long), slog.String("b", long), slog.String("c", long), slog.String("d", long)}}).Attrs {
		size += len(a.Key) + len(a.Value.String())
	}
	assert.Less(t, size, 13_000)
	assert.Greater(t, size, 8_000, "no more is cut than has to be")
}
