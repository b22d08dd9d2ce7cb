package store

import (
	"math"
	"strconv"
	"strings"
)

// An attribute's value is kept as JSON and asked for as text. These compare the
// two: any value by its spelling, and a number by what it is.
const (
	sameText = `CASE type
		WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null'
		ELSE CAST(value AS TEXT) END = ?`
	sameNumber = `(type IN ('integer', 'real') AND value = ?)`
)

// attribute asks for a. The key is compared and not made part of a JSON path:
// a path could not name every key, and would be one more thing to escape.
func (c *conditions) attribute(a Attr) {
	match, args := sameText, []any{a.Value}
	if n, ok := number(a.Value); ok {
		match, args = "("+sameText+" OR "+sameNumber+")", append(args, n)
	}
	args = append(args, a.Key)
	own := "(SELECT " + match + " FROM json_each(logs.attributes) WHERE key = ?)"
	resource := "(SELECT " + match + " FROM json_each(" + resourceOf + ") WHERE key = ?)"
	term := "coalesce(" + own + ", " + resource + ", FALSE)"
	args = append(args, args...)

	// The trace has columns of its own, and is shown among the attributes.
	switch a.Key {
	case "trace_id", "span_id":
		term = "(" + a.Key + " = ? OR " + term + ")"
		args = append([]any{strings.ToLower(a.Value)}, args...)
	}
	c.add(term, args...)
}

// number returns what to compare a numeric attribute with, if s is a number.
func number(s string) (any, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	return f, true
}
