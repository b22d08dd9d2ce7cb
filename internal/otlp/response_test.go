package otlp

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// message is a length-delimited field.
func message(tag byte, content ...[]byte) []byte {
	return appendText(nil, tag, joined(content...))
}

func joined(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func TestParseResponse(t *testing.T) {
	rejected := func(n uint64) []byte { return appendVarint(nil, tagPartialRejected, n) }
	why := func(s string) []byte { return appendText(nil, tagPartialMessage, s) }
	unknown := appendVarint(nil, 15<<3|varint, 7)
	for _, c := range []struct {
		name string
		body []byte
		want Response
	}{
		{"empty body is full success", nil, Response{}},
		{"an empty partial_success is full success", message(tagResponsePartial), Response{}},
		{"rejected", message(tagResponsePartial, rejected(7), why("quota")), Response{7, "quota"}},
		{"a warning rejects nothing", message(tagResponsePartial, why("slow")), Response{0, "slow"}},
		{"unknown fields are skipped", joined(unknown, message(tagResponsePartial, unknown, rejected(1)), unknown), Response{1, ""}},
		{"a known number with another type is unknown", appendVarint(nil, 1<<3|varint, 5), Response{}},
		{"fewer than none is none", message(tagResponsePartial, rejected(1<<63)), Response{}},
		{"text is repaired", message(tagResponsePartial, why("a\xff\x00")), Response{0, "a\uFFFD"}},
		{
			"text is bounded", message(tagResponsePartial, why(strings.Repeat("x", 1<<20))),
			Response{0, strings.Repeat("x", maxServerText-len(Mark)) + Mark},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseResponse(c.body)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestParseStatus(t *testing.T) {
	body := joined(appendVarint(nil, tagStatusCode, 3), appendText(nil, tagStatusMessage, "bad\xff"), message(3<<3|length, []byte("detail")))
	got, err := ParseStatus(body)
	require.NoError(t, err)
	assert.Equal(t, Status{Code: 3, Message: "bad\uFFFD"}, got)
}

func TestDamagedAnswersAreErrors(t *testing.T) {
	for _, damaged := range []string{
		"0a",           // a length is missing
		"0a05",         // five bytes are missing
		"0a0208",       // the partial_success is longer than what is there
		"0a0108",       // the number inside it is missing
		"00",           // field number 0
		"<html>",       // another format altogether
		"0c",           // an end of a group that never began
		"ffffffffffff", // a tag without an end
	} {
		b, err := hex.DecodeString(damaged)
		if err != nil {
			b = []byte(damaged)
		}
		_, err = ParseResponse(b)
		require.ErrorContains(t, err, "otlp: parse response: ", damaged)
	}
	_, err := ParseStatus([]byte{tagStatusMessage, 5})
	require.ErrorContains(t, err, "otlp: parse status: ")
}

func FuzzParseResponse(f *testing.F) {
	f.Add([]byte{})
	f.Add(message(tagResponsePartial, appendVarint(nil, tagPartialRejected, 7), appendText(nil, tagPartialMessage, "quota")))
	f.Add([]byte{0x0a, 0x00})
	f.Add([]byte{0x0b, 0x0b, 0x0c, 0x0c})
	f.Fuzz(func(t *testing.T, b []byte) {
		resp, err := ParseResponse(b)
		if err != nil {
			require.Zero(t, resp)
		}
		require.GreaterOrEqual(t, resp.Rejected, int64(0))
		require.LessOrEqual(t, len(resp.Message), 4*maxServerText)
		require.Equal(t, Clean(resp.Message), resp.Message)
	})
}

func FuzzParseStatus(f *testing.F) {
	f.Add(joined(appendVarint(nil, tagStatusCode, 3), appendText(nil, tagStatusMessage, "bad")))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStatus(b)
		if err != nil {
			require.Zero(t, s)
		}
		require.Equal(t, Clean(s.Message), s.Message)
	})
}
