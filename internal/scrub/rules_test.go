package scrub_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// P8.
func TestRulesOfTheApplication(t *testing.T) {
	tests := []struct{ name, pattern, replace, in, want string }{
		{"hides", `ORD-\d+`, "", "see ORD-42 and ORD-43", "see [REDACTED] and [REDACTED]"},
		{"replaces", `(\w+)@corp\.example\.com`, "$1 at corp", "by bob@corp.example.com", "by bob at corp"},
		{"named group", `(?P<first>\d)\d+`, "${first}x", "123", "1x"},
		{"no match", `zzz`, "", "plain", "plain"},
		{"empty pattern", ``, "x", "plain", "plain"},
		{"empty matches", `x*`, "-", "axxb", "a-b"},
		{"only empty matches", `z*`, "-", "axxb", "axxb"},
		{"an edge of a word", `\b`, "-", "a b", "a b"},
		{"neighbours become one", `\d`, "", "id 1234 and 5", "id [REDACTED] and [REDACTED]"},
		{"runes", `é`, "", "caféé!", "caf[REDACTED]!"},
		{"what it writes is scrubbed", `here`, "password=x1", "here", "password=[REDACTED]"},
		{"built-in rules still hold", `nothing`, "", "token=abc", "token=[REDACTED]"},
		{"replacement that is no UTF-8", `a`, "\xff", "bab", "b\uFFFDb"},
		{"same text", `plain`, "plain", "plain", "plain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := scrub.New(scrub.Config{Rules: []scrub.Rule{{Pattern: regexp.MustCompile(tt.pattern), Replace: tt.replace}}})
			assert.Equal(t, tt.want, s.Text(tt.in))
			assert.Equal(t, tt.want == tt.in, s.Clean(tt.in))
		})
	}
}

func TestRulesRunInTheirOrder(t *testing.T) {
	s := scrub.New(scrub.Config{Rules: []scrub.Rule{
		{},
		{Pattern: &regexp.Regexp{}, Replace: "x"},
		{Pattern: regexp.MustCompile("one"), Replace: "two"},
		{Pattern: regexp.MustCompile("two"), Replace: "three"},
	}})
	assert.Equal(t, "three three", s.Text("one two"))
	assert.False(t, s.Clean("one"))
	assert.True(t, s.Clean("four"))
}

func TestRulesThatMultiplyAreStopped(t *testing.T) {
	text := strings.Repeat("ä", 20_000)
	s := scrub.New(scrub.Config{Rules: []scrub.Rule{{Pattern: regexp.MustCompile(`.`), Replace: strings.Repeat("$0", 100)}}})
	out := s.Text(text)
	assert.Less(t, len(out), 5*len(text)+4096)
	assert.True(t, strings.HasSuffix(out, scrub.Redacted), "what was not reached is hidden")
	assert.True(t, utf8.ValidString(out))
}
