package otlp

import (
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
)

const (
	// maxJoined is the longest text of joined errors, in bytes: more than a record may
	// hold. It is passed by the error that ends it.
	maxJoined = 96 << 10
	// maxJoins bounds how many errors are looked at. Of a join of one, in a join of one,
	// there is no text that could.
	maxJoins = 1 << 20
)

var joinType = reflect.TypeOf(errors.Join(io.EOF))

// textOf is err.Error, at a bounded cost if err is of errors.Join. There each join makes
// the text of all inside of it anew: a loop that joins one error more each time would
// be quadratic, and the join of an error with itself doubles.
func textOf(err error) string {
	if reflect.TypeOf(err) != joinType {
		return err.Error()
	}
	var b strings.Builder
	first := true
	todo := []error{err}
	for left := maxJoins; len(todo) > 0; left-- {
		if left == 0 || b.Len() > maxJoined {
			return b.String() + Mark
		}
		err, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if reflect.TypeOf(err) == joinType {
			todo = appendReversed(todo, err)
			continue
		}
		if !first {
			b.WriteByte('\n')
		}
		first = false
		b.WriteString(err.Error())
	}
	return b.String()
}

// appendReversed appends the members of a join, the first of them last.
func appendReversed(dst []error, join error) []error {
	list, _ := join.(interface{ Unwrap() []error })
	for _, member := range slices.Backward(list.Unwrap()) {
		dst = append(dst, member)
	}
	return dst
}
