package scrub

import "strings"

// usable leaves out rules without a pattern. The zero Regexp, which would panic, has the
// empty pattern, and that can match nothing that is replaced.
func usable(rules []Rule) []Rule {
	var kept []Rule
	for _, r := range rules {
		if r.Pattern == nil || r.Pattern.String() == "" {
			continue
		}
		r.Replace = strings.ToValidUTF8(r.Replace, "\uFFFD")
		kept = append(kept, r)
	}
	return kept
}

// ruled reports whether a rule would change text. Most patterns match nothing, and then
// no other one sees a changed text.
func (s *Scrubber) ruled(text string) bool {
	for _, r := range s.rules {
		if r.Pattern.MatchString(text) && r.apply(text) != text {
			return true
		}
	}
	return false
}

func (s *Scrubber) applyRules(text string) string {
	for _, r := range s.rules {
		if r.Pattern.MatchString(text) {
			text = r.apply(text)
		}
	}
	return text
}

// apply replaces the matches of a rule. A match of the empty string is left alone: x*
// would put its replacement between any two characters. Neighbours that are hidden
// become one, so that \d writes one mark for a number. A template that multiplies the
// text is stopped, and what it has not reached is hidden.
func (r Rule) apply(text string) string {
	limit := 4*len(text) + 1024
	var out []byte
	done, marked := 0, false // text[:done] is in out, which ends with a mark
	for _, m := range r.Pattern.FindAllStringSubmatchIndex(text, -1) {
		if m[0] == m[1] {
			continue
		}
		if len(out) > limit {
			return string(out) + Redacted
		}
		out = append(out, text[done:m[0]]...)
		switch {
		case r.Replace != "":
			out = r.Pattern.ExpandString(out, r.Replace, text, m)
		case !marked || done != m[0]:
			out = append(out, Redacted...)
			marked = true
		}
		done = m[1]
	}
	if done == 0 {
		return text
	}
	return string(append(out, text[done:]...))
}
