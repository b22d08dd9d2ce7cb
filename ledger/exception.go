package ledger

import (
	"context"
	"log/slog"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// Exception logs an error with the stack that it carries, or else that of the caller.
// A nil error is not logged.
func (c *Client) Exception(ctx context.Context, err error, attrs ...slog.Attr) {
	if err == nil {
		return
	}
	r := Record{
		Level: slog.LevelError, Message: errorText(err), Type: TypeException, Importance: ImportanceHigh,
		Err: err, Stack: []byte(errorStack(err)), Attrs: attrs,
	}
	if len(r.Stack) == 0 {
		r.Stack = callerStack(1)
	}
	_ = c.Log(ctx, r)
}

// keyOtherTypes is for what joined errors are besides exception.type. The conventions
// have no attribute for it.
const keyOtherTypes = "ledger.exception.other_types"

// appendException appends what r.Err and r.Stack say.
func appendException(dst []slog.Attr, r *Record) []slog.Attr {
	if r.Err != nil {
		kind, others := errorTypes(r.Err)
		dst = append(dst,
			slog.String(keyExceptionType, kind),
			slog.String(keyExceptionMessage, errorText(r.Err)))
		if len(others) > 0 {
			dst = append(dst, slog.Any(keyOtherTypes, others))
		}
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
// one value to a logger is that value: it may hide what Error shows. One that is a
// group shows more to a logger than a message holds, and is its Error.
func errorText(err error) string {
	if l, ok := err.(slog.LogValuer); ok {
		if v := otlp.Resolve(slog.AnyValue(l)); v.Kind() != slog.KindGroup {
			return otlp.Plain(v).String()
		}
	}
	return otlp.ErrorText(err)
}
