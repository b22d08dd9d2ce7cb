package exchange

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// State is what the code inside of a request may change of its record. It is safe
// for concurrent use, also when the request is over. It is a context: [State.Enter]
// makes it one. It must not be copied.
type State struct {
	context.Context //nolint:containedctx // It is one link in the chain of contexts, in one allocation with the rest.

	// Borrowed says that the texts of the request are in memory that is used again when
	// it is over, as with fasthttp: what is added is copied. It is set before Enter.
	Borrowed bool

	method, requestID string

	// What the application's own logs of the request carry. Most requests log
	// nothing, so it is made when somebody looks into the context.
	once   sync.Once
	scope  ledger.Scope
	scoped context.Context //nolint:containedctx // The same link, for whoever looks for a scope.

	route atomic.Pointer[string]
	err   atomic.Pointer[error]
}

type stateKey struct{}

// Enter returns the context of the request: ctx, from which [FromContext] finds s, and
// whose log records carry the request's method and ID, its route once it is set, and
// what [State.Add] adds. It is called once, before the request is served. What the
// adapter logs with ctx itself carries none of this.
func (s *State) Enter(ctx context.Context, method, requestID string) context.Context {
	s.Context, s.method, s.requestID = ctx, method, requestID
	return s
}

// Value returns s for the key of this package, else what the outer context holds, or
// the scope.
func (s *State) Value(key any) any {
	switch key.(type) {
	case stateKey:
		return s
	case *int:
		// How package context looks for what it can cancel, whenever a context is
		// derived. No scope has such a key, and most requests need none.
		return s.Context.Value(key)
	}
	s.once.Do(s.open)
	return s.scoped.Value(key)
}

func (s *State) open() {
	method, _ := KnownMethod(s.method)
	if s.requestID == "" {
		s.scope.Add(slog.String(KeyMethod, method))
	} else {
		s.scope.Add(slog.String(KeyMethod, method), slog.String(KeyRequestID, s.requestID))
	}
	s.scoped = ledger.ContextWithScope(s.Context, &s.scope)
}

// Add adds attributes to the record, and to later logs of the application.
func (s *State) Add(attrs ...slog.Attr) {
	s.once.Do(s.open) // First, so that a full scope holds these too.
	if s.Borrowed {
		attrs = copied(attrs)
	}
	s.scope.Add(attrs...)
}

// Attrs returns what the application's logs of the request carry, so far. The list is
// shared: it must not be changed.
func (s *State) Attrs() []slog.Attr { return s.scope.Attrs() }

// FromContext returns the state of the request that ctx belongs to, nil if there is
// none.
func FromContext(ctx context.Context) *State {
	s, _ := ctx.Value(stateKey{}).(*State)
	return s
}

// RequestID returns the ID that the request had when it began. On nil it returns none.
func (s *State) RequestID() string {
	if s == nil {
		return ""
	}
	return s.requestID
}

// SetRoute names the route, for the record and for later logs of the application. An
// empty one takes it back from the record. On nil it does nothing.
func (s *State) SetRoute(pattern string) {
	if s == nil {
		return
	}
	if s.Borrowed {
		pattern = strings.Clone(pattern)
	}
	s.route.Store(&pattern)
	if pattern != "" {
		s.Add(slog.String(KeyRoute, pattern))
	}
}

// Route returns the last route that was set, empty if none was.
func (s *State) Route() string {
	if p := s.route.Load(); p != nil {
		return *p
	}
	return ""
}

// SetError names the reason for the answer; nil takes it back. On nil it does
// nothing.
func (s *State) SetError(err error) {
	if s != nil {
		s.err.Store(&err)
	}
}

// Reason returns the last error that was set, nil if none was.
func (s *State) Reason() error {
	if p := s.err.Load(); p != nil {
		return *p
	}
	return nil
}

// copied returns attrs flat, with texts of their own. Lists of other types than these
// share no memory with the caller when the scope has them.
func copied(attrs []slog.Attr) []slog.Attr {
	flat, _ := otlp.Flatten(make([]slog.Attr, 0, len(attrs)), "", attrs)
	for i, a := range flat {
		flat[i].Key = strings.Clone(a.Key)
		switch a.Value.Kind() {
		case slog.KindString:
			flat[i].Value = slog.StringValue(strings.Clone(a.Value.String()))
		case slog.KindAny:
			flat[i].Value = slog.AnyValue(copiedList(a.Value.Any()))
		default:
		}
	}
	return flat
}

// copiedList copies the texts of a plain list.
func copiedList(x any) any {
	switch x := x.(type) {
	case string:
		return strings.Clone(x)
	case []string:
		list := make([]string, len(x))
		for i, s := range x {
			list[i] = strings.Clone(s)
		}
		return list
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = copiedList(e)
		}
		return list
	}
	return x
}
