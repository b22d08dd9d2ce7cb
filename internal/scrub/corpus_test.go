package scrub_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// A specimen is a line of the corpus.
type specimen struct{ in, want string }

// corpus reads a file of testdata/corpus. Its format is told in hits.txt.
func corpus(t testing.TB, name string) []specimen {
	content, err := os.ReadFile("testdata/corpus/" + name)
	require.NoError(t, err)
	control := strings.NewReplacer("␤", "\n", "␍", "\r")
	var specimens []specimen
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && !strings.HasPrefix(line, "# ") {
			line = control.Replace(line)
			specimens = append(specimens, specimen{in: unmarked(line), want: hidden(line)})
		}
	}
	return specimens
}

func unmarked(line string) string {
	return strings.NewReplacer("«", "", "»", "", "‹", "", "›", "").Replace(line)
}

func hidden(line string) string {
	for _, m := range [][3]string{{"«", "»", scrub.Redacted}, {"‹", "›", `"` + scrub.Redacted + `"`}} {
		for {
			before, rest, found := strings.Cut(line, m[0])
			if !found {
				break
			}
			_, after, _ := strings.Cut(rest, m[1])
			line = before + m[2] + after
		}
	}
	return line
}

// P1 and P2, on lines as services write them.
func TestSecretsInTheCorpusAreHidden(t *testing.T) {
	s := scrub.New(scrub.Config{})
	for _, c := range corpus(t, "hits.txt") {
		require.NotEqual(t, c.want, c.in, "a hit marks what is to be hidden")
		assert.Equal(t, c.want, s.Text(c.in))
		assert.False(t, s.Clean(c.in), c.in)
		assert.Equal(t, c.want, s.Text(c.want), "once hidden, it stays so")
	}
}

func TestHarmlessLinesOfTheCorpusStay(t *testing.T) {
	s := scrub.New(scrub.Config{})
	for _, c := range corpus(t, "misses.txt") {
		require.Equal(t, c.want, c.in, "a miss marks nothing")
		assert.Equal(t, c.in, s.Text(c.in))
		assert.True(t, s.Clean(c.in), c.in)
	}
}
