package otlp

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"plain":                 "plain",
		"longer than one word":  "longer than one word",
		"é\u2028\U0001F600":     "é\u2028\U0001F600",
		"\x00":                  "",
		"12345678\x00":          "12345678",
		"1234\x005678":          "12345678",
		"a\xff\xfe\xfdb":        "a\uFFFDb",
		"\xc3":                  "\uFFFD",
		"\xed\xa0\x80":          "\uFFFD", // a surrogate half
		"\x01\x1b[31m\x7f":      "\x01\x1b[31m\x7f",
		"\xc3\x00\xa9 rejoined": "é rejoined",
		"\uFFFD was there":      "\uFFFD was there",
		"exactly8":              "exactly8",
		"nine byte":             "nine byte",
		"\x80":                  "\uFFFD",
	} {
		assert.Equal(t, want, Clean(in), "%q", in)
	}
}

func TestCutIsExactInCodePoints(t *testing.T) {
	const limit = 20
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"short", "abc", "abc"},
		{"exactly the limit", strings.Repeat("a", limit), strings.Repeat("a", limit)},
		{"one over", strings.Repeat("a", limit+1), "aaaaa" + Mark},
		{"wide, exactly the limit", strings.Repeat("€", limit), strings.Repeat("€", limit)},
		{"wide, one over", strings.Repeat("€", limit+1), "€€€€€" + Mark},
		{"wider", strings.Repeat("\U0001F600", limit+1), strings.Repeat("\U0001F600", 5) + Mark},
		{"bad bytes count each", strings.Repeat("\xff", limit), strings.Repeat("\xff", limit)},
		{"mixed", "aé€\U0001F600bcdefghijklmnopqrstu", "aé€\U0001F600b" + Mark},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, Cut(c.in, limit)) })
	}
	assert.Equal(t, Mark, Cut(strings.Repeat("a", 100), len(Mark)))
}

func FuzzCleanAndCut(f *testing.F) {
	for _, s := range []string{"", "a\x00", "\xff\xff", "é€\U0001F600", strings.Repeat("€", 40), "\xed\xa0\x80", "12345678\x00"} {
		f.Add(s, uint8(20))
	}
	f.Fuzz(func(t *testing.T, s string, extra uint8) {
		clean := Clean(s)
		require.True(t, utf8.ValidString(clean))
		require.NotContains(t, clean, "\x00")
		require.Equal(t, strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD"), clean)

		limit := len(Mark) + int(extra)
		cut := Cut(s, limit)
		require.LessOrEqual(t, utf8.RuneCountInString(cut), limit)
		require.LessOrEqual(t, utf8.RuneCountInString(Clean(cut)), limit)
		kept, marked := strings.CutSuffix(cut, Mark)
		if utf8.RuneCountInString(s) <= limit {
			require.Equal(t, s, cut, "what fits must stay")
			return
		}
		require.True(t, marked)
		require.True(t, strings.HasPrefix(s, kept))
		require.Equal(t, limit, utf8.RuneCountInString(cut), "no code point may be given away")
	})
}
