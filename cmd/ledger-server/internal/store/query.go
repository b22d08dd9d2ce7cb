package store

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Query says which records to return. A field that is zero asks for nothing.
type Query struct {
	Level       string
	Type        string
	Service     string
	Environment string
	StatusClass []int  // 2 for 200 to 299 and so on; a record matches any of them
	Search      string // substring of message, method, path or error message, case-blind

	From, To int64  // Unix nanoseconds, From <= time < To
	Attrs    []Attr // all must match

	Before Position // records older than this one; see Page.Next
	Limit  int      // at most so many, at least 1
	Count  bool     // also count all that match, which reads them all
}

// An Attr asks for an attribute with this value. The record's own attribute
// counts if it has one of that name, and its resource's otherwise. A number
// matches in any spelling, a text only exactly.
type Attr struct{ Key, Value string }

// A Position is a place in the order of records, newest first.
type Position struct {
	Time int64
	Seq  int64 // order of arrival, counted from 1; zero is no position
}

// where returns the condition of q, without Before, and its arguments. The text
// is made of constants only: whatever the caller of the API sent is an argument.
func (q Query) where() (string, []any) {
	c := conditions{}
	c.equal("level = ?", q.Level)
	c.equal("log_type = ?", q.Type)
	c.equal("service = ?", q.Service)
	c.equal("environment = ?", q.Environment)
	if q.From != 0 {
		c.add("time_ns >= ?", q.From)
	}
	if q.To != 0 {
		c.add("time_ns < ?", q.To)
	}
	c.statusClass(q.StatusClass)
	c.search(q.Search)
	for _, a := range q.Attrs {
		c.attribute(a)
	}
	return c.text(), c.args
}

type conditions struct {
	terms []string
	args  []any
}

func (c *conditions) add(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

func (c *conditions) equal(term, value string) {
	if value != "" {
		c.add(term, value)
	}
}

func (c *conditions) text() string {
	if len(c.terms) == 0 {
		return "TRUE"
	}
	return strings.Join(c.terms, " AND ")
}

func (c *conditions) statusClass(classes []int) {
	var terms []string
	for _, class := range classes {
		terms = append(terms, "status_code BETWEEN ? AND ?")
		c.args = append(c.args, class*100, class*100+99)
	}
	if len(terms) > 0 {
		c.terms = append(c.terms, "("+strings.Join(terms, " OR ")+")")
	}
}

func (c *conditions) search(text string) {
	if text == "" {
		return
	}
	p := globPattern(text)
	c.add("(message GLOB ? OR path GLOB ? OR method GLOB ? OR error_message GLOB ?)", p, p, p, p)
}

// globPattern returns a GLOB pattern for text anywhere, case-blind. LIKE would
// be case-blind by itself, but only for the letters A to Z.
func globPattern(text string) string {
	var b strings.Builder
	b.WriteByte('*')
	for _, r := range text {
		forms := foldings(r)
		if len(forms) == 1 && !strings.ContainsRune("*?[", r) {
			b.WriteRune(r)
			continue
		}
		b.WriteByte('[')
		for _, f := range forms {
			b.WriteRune(f)
		}
		b.WriteByte(']')
	}
	b.WriteByte('*')
	return b.String()
}

// foldings returns r and every letter that differs from it only in case.
func foldings(r rune) []rune {
	forms := []rune{r}
	if r == utf8.RuneError {
		return forms
	}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		forms = append(forms, f)
	}
	return forms
}
