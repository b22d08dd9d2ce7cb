package stack

import (
	"path"
	"strconv"
	"strings"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// Place is where a log call was made.
type Place struct {
	Function string // with its package; empty if it is not known
	File     string
	Line     int
}

// For returns the Stack of a record with this error, logged with this stack, at this
// place. Any of them may be zero. exception says that the record is one.
//
// The error's own stack comes first, for it was made nearest to the cause. Next comes
// that of the logger, and for an exception at least the place: without any frame a
// server puts all errors of a type into one group.
func For(err error, text string, at Place, exception bool) []byte {
	if own := ledger.ErrorStack(err); own != "" {
		return []byte(own)
	}
	switch {
	case text != "":
		return []byte(text)
	case exception && at.File != "":
		return at.line()
	}
	return nil
}

// line is the form in which stacks are sent, with one frame.
func (at Place) line() []byte {
	file := path.Base(strings.ReplaceAll(at.File, `\`, "/"))
	function := at.Function
	if function == "" {
		function = file
	}
	return []byte("at " + function + "(" + file + ":" + strconv.Itoa(at.Line) + ")")
}
