package scrub

import (
	"regexp"
	"strings"
)

// Redacted takes the place of what is hidden.
const Redacted = "[REDACTED]"

// maxPasses bounds how often Text looks again at what it has written (P2).
const maxPasses = 4

// Config adds to the built-in rules. The zero value adds nothing.
type Config struct {
	// Keys are further keys whose values are hidden, compared as in Key. Each also
	// stands for the last parts of a dotted key: iban hides customer.iban.
	Keys []string
	// AllowKeys are keys whose values are shown although a built-in rule hides them.
	// Keys wins over AllowKeys. Secrets that are known by their own looks stay hidden.
	AllowKeys []string
	// Rules are applied to text in their order, before the built-in ones.
	Rules []Rule
}

// A Rule replaces what Pattern matches. A rule without a pattern does nothing, nor does
// a match of the empty string.
type Rule struct {
	Pattern *regexp.Regexp
	Replace string // as in Regexp.ReplaceAllString; "" means Redacted
}

// A Scrubber is immutable and safe for concurrent use. A nil one hides nothing.
type Scrubber struct {
	hidden  names
	allowed names
	rules   []Rule
	// shortest is the length of the shortest text in which something can be hidden.
	shortest int
}

// New returns a Scrubber with the built-in rules and those of c, which it copies.
func New(c Config) *Scrubber {
	s := &Scrubber{hidden: newNames(c.Keys), allowed: newNames(c.AllowKeys), rules: usable(c.Rules)}
	s.shortest = len("pin=1")
	if len(s.hidden.set) > 0 {
		s.shortest = len("k=1")
	}
	return s
}

// Clean reports that there is nothing to hide in text: Text returns it as it is.
func (s *Scrubber) Clean(text string) bool {
	if s == nil {
		return true
	}
	if len(s.rules) > 0 && s.ruled(text) {
		return false
	}
	if len(text) < s.shortest {
		return true
	}
	_, found := s.next(text, 0)
	return !found
}

// Text returns text with its secrets replaced by Redacted, or text itself if there is
// nothing to hide.
func (s *Scrubber) Text(text string) string {
	if s == nil {
		return text
	}
	if len(s.rules) > 0 {
		text = s.applyRules(text)
	}
	if len(text) < s.shortest {
		return text
	}
	for range maxPasses {
		hidden, changed := s.pass(text)
		if !changed {
			return text
		}
		text = hidden
	}
	if _, found := s.next(text, 0); found {
		return Redacted // what does not settle was made not to
	}
	return text
}

// A span is a part of a text and what takes its place.
type span struct {
	start, end int
	with       string
}

// pass replaces what is found from left to right, each piece once.
func (s *Scrubber) pass(text string) (hidden string, changed bool) {
	found, ok := s.next(text, 0)
	if !ok {
		return text, false
	}
	var out strings.Builder
	out.Grow(len(text) + len(Redacted))
	done := 0 // text[:done] is in out
	for ; ok; found, ok = s.next(text, done) {
		out.WriteString(text[done:found.start])
		out.WriteString(found.with)
		done = found.end
	}
	out.WriteString(text[done:])
	return out.String(), true
}
