package middleware

import (
	"net/http"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// Panic is the error of a record whose handler panicked with a value that is not an
// error: the same for all of the library, so that a server groups a panic by where it
// was, not by who recorded it.
type Panic = ledger.Panic

// answer sends 500 for a handler that panicked, if nothing was sent yet. It returns
// what is to be raised instead of the panic: a response that was begun cannot be
// mended, and must not look complete to its client, so the server drops it.
func (x *serving) answer() (raise any) {
	defer func() {
		if recover() != nil {
			raise = http.ErrAbortHandler // the writer is broken too
		}
	}()
	switch {
	case x.response.hijacked.Load():
		return nil // the connection is the handler's
	case x.response.code.Load() != 0:
		return http.ErrAbortHandler
	}
	http.Error(x.response.out, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	return nil
}
