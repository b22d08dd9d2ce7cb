package ledger

import (
	"log/slog"
	"reflect"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// maxChain bounds how many errors of a chain or tree are looked at: errors are
// application code and may wrap themselves.
const maxChain = 32

// appendException appends what r.Err and r.Stack say.
func appendException(dst []slog.Attr, r *Record) []slog.Attr {
	if r.Err != nil {
		dst = append(dst,
			slog.String(keyExceptionType, errorType(r.Err)),
			slog.String(keyExceptionMessage, errorText(r.Err)))
	}
	trace := leafFirst(string(r.Stack))
	if trace == "" && r.Err != nil {
		trace = errorStack(r.Err)
	}
	if trace != "" {
		dst = append(dst, slog.String(keyExceptionStack, trace))
	}
	return dst
}

// errorText returns the text of an error whose methods may panic. An error that is
// text to a logger is that text: it may hide what Error shows.
func errorText(err error) string {
	if l, ok := err.(slog.LogValuer); ok {
		if v := otlp.Resolve(slog.AnyValue(l)); v.Kind() == slog.KindString {
			return v.String()
		}
	}
	return otlp.ErrorText(err)
}

// errorType returns the type that says what kind of error this is: the first in the
// chain that is more than a wrapper around text. An error that is text and nothing
// else is an "error".
func errorType(err error) string {
	left := maxChain
	if name := firstType(err, &left); name != "" {
		return name
	}
	return "error"
}

func firstType(err error, left *int) string {
	if err == nil || *left == 0 {
		return ""
	}
	*left--
	if name := reflect.TypeOf(err).String(); !isWrapper(name) {
		return name
	}
	for _, inner := range unwrap(err) {
		if name := firstType(inner, left); name != "" {
			return name
		}
	}
	return ""
}

// isWrapper reports whether a type says nothing about the error: those of errors,
// fmt and the widespread github.com/pkg/errors, whose package has the same name.
func isWrapper(name string) bool {
	switch name {
	case "*errors.errorString", "*errors.joinError", "*fmt.wrapError", "*fmt.wrapErrors",
		"*errors.fundamental", "*errors.withMessage", "*errors.withStack":
		return true
	}
	return false
}

// unwrap returns the errors that err wraps. An Unwrap that panics wraps nothing.
func unwrap(err error) (inner []error) {
	defer func() {
		if recover() != nil {
			inner = nil
		}
	}()
	switch err := err.(type) { //nolint:errorlint // This is what errors.As is made of.
	case interface{ Unwrap() error }:
		if e := err.Unwrap(); e != nil {
			return []error{e}
		}
	case interface{ Unwrap() []error }:
		return err.Unwrap()
	}
	return nil
}

// errorStack returns the stack that the innermost error of the chain carries: it
// was made nearest to the cause.
func errorStack(err error) string {
	trace := ""
	for range maxChain {
		if pcs := carriedPCs(err); len(pcs) > 0 {
			trace = pcStack(pcs)
		}
		inner := unwrap(err)
		if len(inner) == 0 || inner[0] == nil {
			break
		}
		err = inner[0]
	}
	return trace
}

// carriedPCs asks an error for its stack in the two forms that are in use: Callers,
// and the StackTrace of github.com/pkg/errors, whose result is a slice of a type
// that only reflection can read without importing it.
func carriedPCs(err error) (pcs []uintptr) {
	defer func() {
		if recover() != nil {
			pcs = nil
		}
	}()
	if c, ok := err.(interface{ Callers() []uintptr }); ok {
		pcs = c.Callers()
		return pcs[:min(len(pcs), 2*maxFrames)]
	}
	method := reflect.ValueOf(err).MethodByName("StackTrace")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return nil
	}
	out := method.Type().Out(0)
	if out.Kind() != reflect.Slice || out.Elem().Kind() != reflect.Uintptr {
		return nil
	}
	list := method.Call(nil)[0]
	for i := range min(list.Len(), 2*maxFrames) {
		pcs = append(pcs, uintptr(list.Index(i).Uint()))
	}
	return pcs
}
