package ledger

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzWriter splits text into writes of any size. What is logged must not depend on
// where, every line that says something must give one record at most, and nothing may
// be left behind by Close.
func FuzzWriter(f *testing.F) {
	for _, seed := range []string{
		"a\nb\r\n\nc", `{"level":"info","ts":1767323045.1,"msg":"a","o":{"a":[1,{"b":2}]}}` + "\n", "[WARN] x\n{\"msg\":1}\n{",
		"http: panic serving: x\n" + dump + "after\n", `{"stack":[{"func":"a","line":"1","source":"b.go"}],"error":"x","level":"error"}` + "\n",
		`{"source":{"file":"a.go","line":1},"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"}` + "\n",
	} {
		f.Add([]byte(seed), uint16(3))
		f.Add([]byte(seed), uint16(1000))
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint16) {
		if hasDump(text) {
			return // it belongs to its line only if it comes with it
		}
		text = append(text, '\n')
		whole, want := testWriter(nil)
		write(t, whole, string(text))
		split, got := testWriter(nil)
		for chunk := range slices.Chunk(text, int(size)+1) {
			write(t, split, string(chunk))
		}
		require.NoError(t, split.Close())
		require.Empty(t, split.rest)
		if !hasObjectWithoutEnd(text) {
			require.Equal(t, want.bodies(), got.bodies())
		}
		require.LessOrEqual(t, len(want.records), bytes.Count(text, []byte("\n")))
	})
}

func hasDump(text []byte) bool { return bytes.Contains(text, []byte("goroutine ")) }

// hasObjectWithoutEnd reports whether a line starts with an object that is followed by
// something else: how much of the line is seen at once then decides what it is.
func hasObjectWithoutEnd(text []byte) bool {
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if line = bytes.TrimSpace(line); bytes.IndexByte(line, '{') >= 0 && !json.Valid(line) {
			return true
		}
	}
	return false
}
