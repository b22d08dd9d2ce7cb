package ledger

import (
	"reflect"
	"slices"
)

const (
	// maxChain bounds how many errors of a chain or tree are looked at: errors are
	// application code and may wrap themselves.
	maxChain = 32
	// maxOtherTypes bounds what is said of the errors that were joined.
	maxOtherTypes = 8
)

// ErrorType returns the type that a record with err has as its exception.type: that of
// the first error in the chain that is more than a wrapper around text, "error" if there
// is only text, "" if err is nil. It is for those who name the type of an error in an
// attribute of their own.
func ErrorType(err error) string {
	if err == nil {
		return ""
	}
	kind, _ := errorTypes(err)
	return kind
}

// errorTypes returns the type that says what kind of error this is: the first in the
// chain that is more than a wrapper around text. An error that is text and nothing
// else is an "error". Of joined errors the first with a type wins, as the one that
// the others came after; others are those of the rest, each once.
func errorTypes(err error) (kind string, others []string) {
	left := maxChain
	names := appendTypes(nil, err, &left)
	if len(names) == 0 {
		return "error", nil
	}
	return names[0], names[1:]
}

// appendTypes appends, for each way into the tree, the first type that says something.
func appendTypes(names []string, err error, left *int) []string {
	if err == nil || *left == 0 {
		return names
	}
	*left--
	if t := reflect.TypeOf(err); !isWrapper(t) {
		if name := t.String(); len(names) <= maxOtherTypes && !slices.Contains(names, name) {
			names = append(names, name)
		}
		return names
	}
	for _, inner := range unwrap(err) {
		if *left == 0 {
			break
		}
		names = appendTypes(names, inner, left)
	}
	return names
}

// isWrapper reports whether a type says nothing about the error, because it is for any
// error: a text, a stack, a list. The status errors of RPC libraries are no wrappers.
func isWrapper(t reflect.Type) bool {
	switch t.String() {
	case
		// The standard library, and the packages that are called errors like its own.
		"*errors.errorString", "*errors.joinError", "*fmt.wrapError", "*fmt.wrapErrors",
		"*errors.fundamental", "*errors.withMessage", "*errors.withStack", "*errors.wrapError",
		// golang.org/x/xerrors.
		"*xerrors.errorString", "*xerrors.wrapError", "*xerrors.noWrapError",
		// Lists: hashicorp/go-multierror, go.uber.org/multierr, k8s.io/apimachinery.
		"*multierror.Error", "multierror.chain", "*multierr.multiError", "errors.aggregate",
		// github.com/cockroachdb/errors, which has a package for each aspect.
		"*assert.withAssertionFailure", "*barriers.barrierErr", "*barriers.barrierError",
		"*contexttags.withContext", "*domains.withDomain", "*errbase.opaqueLeaf",
		"*errbase.opaqueLeafCauses", "*errbase.opaqueWrapper", "*errutil.leafError",
		"*errutil.withNewMessage", "*errutil.withPrefix", "*extgrpc.withGrpcCode",
		"*exthttp.withHTTPCode", "*hintdetail.withDetail", "*hintdetail.withHint",
		"*issuelink.withIssueLink", "*join.joinError", "*markers.withMark",
		"*safedetails.withSafeDetails", "*secondary.withSecondaryError",
		"*telemetrykeys.withTelemetry", "*withstack.withStack",
		// rotisserie/eris, samber/oops, ztrue/tracerr, gravitational/trace, cenkalti/backoff.
		"*eris.rootError", "*eris.wrapError", "oops.OopsError", "*oops.OopsError",
		"*tracerr.errorData", "*trace.TraceErr", "*backoff.PermanentError":
		return true
	case "*errors.Error":
		return t.Elem().PkgPath() == "github.com/go-errors/errors" // Elsewhere it has a code.
	case "*errors.Err":
		return t.Elem().PkgPath() == "github.com/juju/errors"
	}
	return false
}

// unwrap returns the errors that err wraps. An Unwrap that panics wraps nothing. Lists
// come first: the Unwrap of some of them leads to another list, never to an element.
func unwrap(err error) (inner []error) {
	defer func() {
		if recover() != nil {
			inner = nil
		}
	}()
	switch err := err.(type) { //nolint:errorlint // This is what errors.As is made of.
	case interface{ Unwrap() []error }:
		return err.Unwrap()
	case interface{ WrappedErrors() []error }:
		return err.WrappedErrors()
	case interface{ Errors() []error }:
		return err.Errors()
	case interface{ Unwrap() error }:
		return []error{err.Unwrap()}
	case interface{ Cause() error }: // before errors had Unwrap
		return []error{err.Cause()}
	}
	return nil
}
