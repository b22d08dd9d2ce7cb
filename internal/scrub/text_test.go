package scrub_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// planted are secrets that no text around them may save.
func planted() []specimen {
	return []specimen{
		{`password=hunter2`, `hunter2`},
		{`"token":"zq9-secret"`, `zq9-secret`},
		{`Authorization: Bearer zq9secretzq9`, `zq9secretzq9`},
		{`zelda.zq9@example.com`, `zelda.zq9`},
		{`4111 1111 1111 1111`, `1111`},
		{`postgres://bob:zq9pass@db/shop`, `zq9pass`},
		{`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln`, `eyJzdWIiOiIxIn0`},
		{`ghp_0123456789abcdefghijABCDEFGHIJ012345`, `0123456789abcdefghij`},
		{`AKIAIOSFODNN7EXAMPLE`, `IOSFODNN7`},
		{`xoxb-123456789012-abcdefghijkl`, `abcdefghijkl`},
		{`Basic dXNlcjpwYXNz`, `dXNlcjpwYXNz`},
		{`ledger_0123456789abcdefghijABCDEFGHIJ-_0123456789abc`, `abcdefghijABC`},
		{`--client-secret zq9secret1`, `zq9secret1`},
		{`<apiKey>zq9secret</apiKey>`, `zq9secret`},
	}
}

// P1 and P3: whatever blank of a harmless line a secret is put at, and so at every
// distance from its start, it is found and hidden.
func TestPlantedSecretsAreHidden(t *testing.T) {
	s := scrub.New(scrub.Config{})
	lines := corpus(t, "misses.txt")
	random := rand.New(rand.NewPCG(5, 1))
	for range 4000 {
		line, p := lines[random.IntN(len(lines))].in, planted()[random.IntN(len(planted()))]
		if strings.Contains(line, p.want) || strings.Contains(line, "-----BEGIN") || strings.Contains(line, "\t") || endsOpen(line) {
			continue
		}
		var at []int
		for i := range len(line) {
			if line[i] == ' ' {
				at = append(at, i)
			}
		}
		text := line + strings.Repeat(" ", random.IntN(9)) + "| " + p.in
		if len(at) > 0 && random.IntN(2) == 0 {
			i := at[random.IntN(len(at))]
			text = line[:i] + " | " + p.in + " | " + line[i+1:]
		}
		out := s.Text(text)
		assert.NotContains(t, out, p.want, "%q", text)
		assert.False(t, s.Clean(text), "%q", text)
		assert.Equal(t, out, s.Text(out), "P2: %q", text)
	}
}

// endsOpen reports whether what follows a line would be taken for its value.
func endsOpen(line string) bool { return strings.ContainsAny(line[len(line)-1:], "=:-/@") }

// The same at every distance from the start, for the pairs that the scan looks at.
func TestSecretsAreFoundAtEveryOffset(t *testing.T) {
	s := scrub.New(scrub.Config{})
	for _, c := range corpus(t, "hits.txt") {
		for n := range 17 {
			pad := strings.Repeat("x", n) + "\n"
			assert.Equal(t, pad+c.want, s.Text(pad+c.in))
		}
	}
}

// P5.
func TestNothingIsAllocatedWhereNothingIsHidden(t *testing.T) {
	s := scrub.New(scrub.Config{Keys: []string{"iban", "tax_id"}, AllowKeys: []string{"token"}})
	lines := corpus(t, "misses.txt")
	assert.Zero(t, testing.AllocsPerRun(5, func() {
		for _, c := range lines {
			s.Clean(c.in)
			s.Text(c.in)
			s.Key(c.in)
		}
		s.Key("http.request.header.authorization")
		s.Key("customer.iban")
	}))
}

func TestNilHidesNothing(t *testing.T) {
	var s *scrub.Scrubber
	assert.True(t, s.Clean("password=x1"))
	assert.Equal(t, "password=x1", s.Text("password=x1"))
}
