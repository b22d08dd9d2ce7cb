package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

type (
	wrapsItself struct{}
	wrapPanics  struct{ error }
	plainError  string
	nilError    struct{}

	pc         uintptr
	tracing    struct{ stack []pc }
	calling    struct{ pcs []uintptr }
	tracePanic struct{}
	traceArgs  struct{}
	around     struct {
		error
		stack []pc
	}
)

func (e *wrapsItself) Error() string  { return "self" }
func (e *wrapsItself) Unwrap() error  { return fmt.Errorf("again: %w", e) }
func (e plainError) Error() string    { return string(e) }
func (e *nilError) Error() string     { panic("nil") }
func (e *wrapPanics) Unwrap() error   { panic("boom") }
func (e tracing) Error() string       { return "t" }
func (e tracing) StackTrace() []pc    { return e.stack }
func (e calling) Error() string       { return "c" }
func (e calling) Callers() []uintptr  { return e.pcs }
func (tracePanic) Error() string      { return "p" }
func (tracePanic) StackTrace() []pc   { panic("boom") }
func (traceArgs) Error() string       { return "a" }
func (traceArgs) StackTrace(int) []pc { return []pc{1} }
func (e around) Unwrap() error        { return e.error }
func (e around) StackTrace() []pc     { return e.stack }

func TestTheTypeOfAnErrorIsTheFirstThatSaysSomething(t *testing.T) {
	op := &net.OpError{Op: "dial", Err: errors.New("refused")}
	text := errors.New("text")
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"its own", op, "*net.OpError"},
		{"wrapped", fmt.Errorf("pay: %w", fmt.Errorf("call: %w", op)), "*net.OpError"},
		{"a type that wraps is a type", &fs.PathError{Op: "open", Path: "x", Err: op}, "*fs.PathError"},
		{"two wrapped", fmt.Errorf("%w, %w", text, op), "*net.OpError"},
		{"joined", errors.Join(text, op), "*net.OpError"},
		{"joined and wrapped", fmt.Errorf("x: %w", errors.Join(text, fmt.Errorf("y: %w", plainError("p")))), "ledger.plainError"},
		{"text", text, "error"},
		{"text in text", fmt.Errorf("a: %w", text), "error"},
		{"a context's", context.DeadlineExceeded, "context.deadlineExceededError"},
		{"nil in an interface", (*nilError)(nil), "*ledger.nilError"},
		{"wraps itself", fmt.Errorf("x: %w", &wrapsItself{}), "*ledger.wrapsItself"},
		{"unwrapping panics", &wrapPanics{text}, "*ledger.wrapPanics"},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, errorType(c.err)) })
	}
}

func TestAnEndlessTreeOfErrorsEnds(t *testing.T) {
	tree := errors.New("leaf")
	for range 100 {
		tree = errors.Join(tree, tree) // 2^100 leaves
	}
	assert.Equal(t, "error", errorType(tree))
	assert.Empty(t, errorStack(&wrapsItself{}))
	assert.Empty(t, errorStack(tree))
}

func TestTheStackOfTheInnermostErrorIsTaken(t *testing.T) {
	here := callerPCs()
	var stack []pc
	for _, p := range here {
		stack = append(stack, pc(p))
	}
	want := pcStack(here)
	assert.Regexp(t, `^at testing\.tRunner\(testing\.go:\d+\)$`, want)
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"none", errors.New("x"), ""},
		{"StackTrace", tracing{stack}, want},
		{"Callers", calling{here}, want},
		{"wrapped", fmt.Errorf("x: %w", tracing{stack}), want},
		{"the inner one", around{tracing{stack}, stack[:1]}, want},
		{"the outer one if there is no other", around{errors.New("x"), stack}, want},
		{"without frames", tracing{}, ""},
		{"panics", tracePanic{}, ""},
		{"unwrapping panics", &wrapPanics{tracing{stack}}, ""},
		{"another method of that name", traceArgs{}, ""},
		{"nil in an interface", (*nilError)(nil), ""},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, errorStack(c.err)) })
	}
}

func callerPCs() []uintptr {
	pcs := make([]uintptr, 10)
	return pcs[:runtime.Callers(1, pcs)]
}
