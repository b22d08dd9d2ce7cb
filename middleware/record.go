package middleware

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// attrBuffer holds the attributes of one record while Log encodes them. A record of
// this package has at most two dozen.
type attrBuffer struct {
	attrs [24]slog.Attr
}

// record makes the record of an exchange and logs it. v is the value of a panic.
func (h *handler) record(x *exchange, v any) {
	buf, _ := h.attrs.Get().(*attrBuffer)
	if buf == nil {
		buf = new(attrBuffer)
	}
	route := h.cfg.route(x)
	rec := ledger.Record{
		Time:    x.now,
		Level:   levelOf(x.ending, x.status),
		Message: message(x, route),
		Type:    ledger.TypeEndpoint,
		Attrs:   h.cfg.appendAttrs(buf.attrs[:0], x, route, v),
	}
	rec.Importance = importanceOf(rec.Level)
	if x.ending == panicked {
		rec.Type, rec.Err, rec.Stack = ledger.TypeException, panicError(v), debug.Stack()
	}
	// The request's context ends with its client; the record of a client that
	// left is wanted like any other.
	_ = h.rec.Log(context.WithoutCancel(x.inner.Context()), rec) // M4: the client counts its errors
	clear(buf.attrs[:])                                          // or the pool would keep this request's strings alive
	h.attrs.Put(buf)
}

// message returns "GET /orders/{id} 200". An unmatched request is named by its path.
func message(x *exchange, route string) string {
	if route == "" {
		route = x.path
	}
	method, known := knownMethod(x.outer.Method)
	if !known {
		method = "HTTP" // by the conventions for names of requests
	}
	b := make([]byte, 0, 128)
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, route...)
	b = append(b, ' ')
	return string(strconv.AppendInt(b, int64(x.status), 10))
}

// panicError returns a panic's value as an error.
func panicError(v any) error {
	if err, ok := v.(error); ok {
		return err
	}
	return &Panic{Value: v}
}

// Panic is the error of a record whose handler panicked with a value that is not an
// error.
type Panic struct {
	// Value is what the handler panicked with.
	Value any
}

// Error returns the value's text.
func (p *Panic) Error() string { return fmt.Sprint(p.Value) }
