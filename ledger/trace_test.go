package ledger

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestParseTraceparent(t *testing.T) {
	const ids = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"
	for _, c := range []struct {
		name  string
		in    string
		ok    bool
		flags byte
	}{
		{"version 00, sampled", "00" + ids + "01", true, 1},
		{"version 00, not sampled", "00" + ids + "00", true, 0},
		{"version 00 keeps flags it does not know", "00" + ids + "83", true, 0x83},
		{"version 00 ends there", "00" + ids + "01-more", false, 0},
		{"version 00, one character more", "00" + ids + "01x", false, 0},
		{"a later version", "01" + ids + "03", true, 1},
		{"a later version with more", "cc" + ids + "01-what-the-future-holds", true, 1},
		{"a later version with an unseparated rest", "cc" + ids + "01.what", false, 0},
		{"version ff", "ff" + ids + "01", false, 0},
		{"a version that is no number", "0x" + ids + "01", false, 0},
		{"upper case version", "AA" + ids + "01", false, 0},
		{"trace ID of zeros", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", false, 0},
		{"span ID of zeros", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false, 0},
		{"upper case trace ID", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false, 0},
		{"upper case span ID", "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01", false, 0},
		{"bad flags", "00" + ids + "0g", false, 0},
		{"bad trace ID", "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false, 0},
		{"underscores", "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", false, 0},
		{"short", traceparent[:54], false, 0},
		{"empty", "", false, 0},
		{"spaces around", " " + traceparent, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			tc, ok := ParseTraceparent(c.in)
			require.Equal(t, c.ok, ok)
			if !ok {
				assert.Zero(t, tc)
				return
			}
			assert.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", fmt.Sprintf("%x", tc.TraceID))
			assert.Equal(t, "00f067aa0ba902b7", fmt.Sprintf("%x", tc.SpanID))
			assert.Equal(t, c.flags, tc.Flags)
		})
	}
}

func FuzzParseTraceparent(f *testing.F) {
	f.Add(traceparent)
	f.Add("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x")
	f.Fuzz(func(t *testing.T, s string) {
		tc, ok := ParseTraceparent(s)
		if !ok {
			require.Zero(t, tc)
			return
		}
		require.True(t, tc.IsValid())
		require.Equal(t, fmt.Sprintf("%x-%x", tc.TraceID, tc.SpanID), s[3:52])
		if s[:2] == "00" {
			require.Equal(t, s, fmt.Sprintf("00-%x-%x-%02x", tc.TraceID, tc.SpanID, tc.Flags))
		}
	})
}

func TestAContextCarriesATrace(t *testing.T) {
	tc, ok := ParseTraceparent(traceparent)
	require.True(t, ok)
	ctx := ContextWithTrace(t.Context(), tc)

	got, ok := TraceFromContext(ctx)
	assert.True(t, ok)
	assert.Equal(t, tc, got)

	_, ok = TraceFromContext(context.Background())
	assert.False(t, ok, "none was put there")

	got, ok = TraceFromContext(ContextWithTrace(ctx, TraceContext{TraceID: tc.TraceID}))
	assert.False(t, ok, "an invalid one takes it away")
	assert.Zero(t, got)
}
