package otlp

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func letter() Letter {
	return Letter{
		Destination: "default", Offset: 1<<40 + 7, Reason: "rejected", Status: 400, Message: "no such field: é",
		First: time.Unix(1, 2), Last: time.Unix(3, 4), Attempts: 12,
	}
}

func aRecord() []byte {
	return AppendRecord(nil, &Record{Time: 5e9, Body: "hello", Attrs: []slog.Attr{slog.Int("n", 1)}})
}

func TestLetterFollowsItsRecord(t *testing.T) {
	record, l, err := SplitLetter(AppendLetter(aRecord(), letter()))
	require.NoError(t, err)
	assert.Equal(t, aRecord(), record)
	assert.Equal(t, letter(), l)
}

// Whoever reads records reads them with their letters, too: the field is skipped.
func TestReceiversSkipTheLetter(t *testing.T) {
	b := AppendLetter(aRecord(), letter())
	req, err := DecodeRequest(append(AppendRequestPrefix(nil, nil, "s", "", len(b)), b...))
	require.NoError(t, err)
	records := req.Resources[0].Scopes[0].Records
	require.Len(t, records, 1)
	assert.Equal(t, "hello", records[0].Body)
}

func TestSplitLetterRefuses(t *testing.T) {
	whole := AppendLetter(aRecord(), letter())
	for n := range whole {
		_, _, err := SplitLetter(whole[:n])
		require.Error(t, err, n)
	}
}

func FuzzSplitLetter(f *testing.F) {
	f.Add(AppendLetter(aRecord(), letter()))
	f.Add(aRecord())
	f.Fuzz(func(t *testing.T, b []byte) {
		record, l, err := SplitLetter(b)
		if err != nil {
			return
		}
		again, l2, err := SplitLetter(AppendLetter(append([]byte(nil), record...), l))
		require.NoError(t, err)
		assert.Equal(t, record, again)
		assert.Equal(t, l.Offset, l2.Offset)
	})
}
