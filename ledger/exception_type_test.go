package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

type (
	wrapsItself    struct{}
	wrapPanics     struct{ error }
	isPanics       struct{}
	hasErrors      struct{ list []error }
	hasWrapped     struct{ list []error } // and an Unwrap that leads nowhere, as a list of hashicorp's
	hasCause       struct{ error }
	generic[T any] struct{}
)

func (e *wrapsItself) Error() string        { return "self" }
func (e *wrapsItself) Unwrap() error        { return fmt.Errorf("again: %w", e) }
func (e *wrapPanics) Unwrap() error         { panic("boom") }
func (isPanics) Error() string              { return "is" }
func (isPanics) Is(error) bool              { panic("boom") }
func (isPanics) As(any) bool                { panic("boom") }
func (hasErrors) Error() string             { return "list" }
func (e hasErrors) Errors() []error         { return e.list }
func (hasWrapped) Error() string            { return "list" }
func (e hasWrapped) WrappedErrors() []error { return e.list }
func (hasWrapped) Unwrap() error            { return errors.New("another list") }
func (e hasCause) Cause() error             { return e.error }
func (generic[T]) Error() string            { return "generic" }

func TestTheTypeOfAnErrorIsTheFirstThatSaysSomething(t *testing.T) {
	op := &net.OpError{Op: "dial", Err: errors.New("refused")}
	path := &fs.PathError{Op: "open", Path: "x", Err: op}
	text := errors.New("text")
	var index []int
	var pointer *int
	for _, c := range []struct {
		name   string
		err    error
		want   string
		others []string
	}{
		{"its own", op, "*net.OpError", nil},
		{"wrapped", fmt.Errorf("pay: %w", fmt.Errorf("call: %w", op)), "*net.OpError", nil},
		{"a type that wraps is a type", path, "*fs.PathError", nil},
		{"two wrapped", fmt.Errorf("%w, %w", text, op), "*net.OpError", nil},
		{"joined", errors.Join(text, op), "*net.OpError", nil},
		{"joined, the first of them", errors.Join(path, op), "*fs.PathError", []string{"*net.OpError"}},
		{"each type once", errors.Join(path, op, text, op, path, plainError("p")), "*fs.PathError", []string{"*net.OpError", "ledger.plainError"}},
		{"joined in joined", fmt.Errorf("%w: %w", errors.Join(text, op), errors.Join(path, nil)), "*net.OpError", []string{"*fs.PathError"}},
		{"what a type wraps is no other", errors.Join(path, text), "*fs.PathError", nil},
		{"joined and wrapped", fmt.Errorf("x: %w", errors.Join(text, fmt.Errorf("y: %w", plainError("p")))), "ledger.plainError", nil},
		{"text", text, "error", nil},
		{"texts", errors.Join(text, text), "error", nil},
		{"text in text", fmt.Errorf("a: %w", text), "error", nil},
		{"formatted text", fmt.Errorf("a %d", 1), "error", nil},
		{"nil among the joined", fmt.Errorf("%w %w", nil, op), "*net.OpError", nil},
		{"a context's", context.DeadlineExceeded, "context.deadlineExceededError", nil},
		{"a runtime error", panicOf(func() { _ = index[3] }), "runtime.boundsError", nil},
		{"another", panicOf(func() { _ = *pointer }), "runtime.errorString", nil},
		{"one more", panicOf(func() { _ = any(index).(string) }), "*runtime.TypeAssertionError", nil},
		{"a URL's", &url.Error{Op: "Get", Err: op}, "*url.Error", nil},
		{"of a type parameter", generic[plainError]{}, "ledger.generic[github.com/ledger-sdk/ledger-go/ledger.plainError]", nil},
		{"nil in an interface", (*nilError)(nil), "*ledger.nilError", nil},
		{"nil in an interface, wrapped", fmt.Errorf("x: %w", (*nilError)(nil)), "*ledger.nilError", nil},
		{"wraps itself", fmt.Errorf("x: %w", &wrapsItself{}), "*ledger.wrapsItself", nil},
		{"unwrapping panics", &wrapPanics{text}, "*ledger.wrapPanics", nil},
		{"comparing panics", fmt.Errorf("x: %w", isPanics{}), "ledger.isPanics", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind, others := errorTypes(c.err)
			assert.Equal(t, c.want, kind)
			assert.Equal(t, kind, ErrorType(c.err))
			assert.ElementsMatch(t, c.others, others)
		})
	}
}

func TestNoErrorHasNoType(t *testing.T) { assert.Empty(t, ErrorType(nil)) }

// panicOf returns the runtime's error, as one that was recovered.
func panicOf(f func()) (err error) {
	defer func() { err, _ = recover().(runtime.Error) }()
	f()
	return nil
}

func TestTheTypesOfTheJoinedAreBounded(t *testing.T) {
	list := []error{
		plainError(""), &wrapPanics{},
		isPanics{},
		hasErrors{},
		hasWrapped{},
		hasCause{},
		generic[int]{},
		generic[uint]{},
		generic[string]{},
		generic[bool]{},
		generic[byte]{},
		generic[rune]{},
	}
	kind, others := errorTypes(errors.Join(list...))
	assert.Equal(t, "ledger.plainError", kind)
	assert.Len(t, others, maxOtherTypes)
	assert.Equal(t, "*ledger.wrapPanics", others[0], "in their order")
}

func TestAnEndlessTreeOfErrorsEnds(t *testing.T) {
	tree := errors.New("leaf")
	for range 100 {
		tree = errors.Join(tree, tree) // 2^100 leaves
	}
	kind, others := errorTypes(tree)
	assert.Equal(t, "error", kind)
	assert.Empty(t, others)
	assert.Empty(t, errorStack(&wrapsItself{}))
	assert.Empty(t, errorStack(tree))

	wide := make([]error, 1<<20)
	looked := 0
	for i := range wide {
		wide[i] = counting{&looked}
	}
	assert.Empty(t, errorStack(errors.Join(wide...)))
	assert.Less(t, looked, maxChain)
}

// counting counts how often it is asked for what it wraps.
type counting struct{ n *int }

func (counting) Error() string   { return "" }
func (c counting) Unwrap() error { *c.n++; return nil }

func TestAListIsUnwrappedInAnyOfItsForms(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	list := []error{a, b}
	for _, c := range []struct {
		name string
		err  error
		want []error
	}{
		{"errors.Join", errors.Join(a, b), list},
		{"go.uber.org/multierr", hasErrors{list}, list},
		{"hashicorp/go-multierror", hasWrapped{list}, list},
		{"Cause", hasCause{a}, []error{a}},
		{"Unwrap", fmt.Errorf("%w", a), []error{a}},
		{"no wrapper", a, nil},
		{"panics", &wrapPanics{a}, nil},
		{"a type of the standard library", &strconv.NumError{Err: a}, []error{a}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, unwrap(c.err)) })
	}
}
