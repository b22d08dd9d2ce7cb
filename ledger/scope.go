package ledger

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// Scope holds what the records of one request or job have in common. Every record that
// is logged with a context that [ContextWithScope] made carries its attributes, and
// those it has itself win over them. The zero Scope is ready for use. It is safe for
// concurrent use, and must not be copied.
type Scope struct {
	adding sync.Mutex
	// attrs are flat, plain and unique. The list is replaced, never changed: a record
	// reads it without a lock.
	attrs atomic.Pointer[[]slog.Attr]
}

// maxScope bounds a scope, so that a loop that adds to it cannot make every record of a
// long job larger than the one before.
const maxScope = 64

// Add adds attributes. Their values are taken now, groups become dotted keys, and the
// last of equal keys wins. Of more than 64 attributes the first stay. A record that is
// being logged at the same time has all of them or none.
func (s *Scope) Add(attrs ...slog.Attr) {
	if len(attrs) == 0 {
		return
	}
	// Without the lock: a LogValue of the application runs here, and may itself add to s.
	added, _ := otlp.Flatten(make([]slog.Attr, 0, len(attrs)), "", attrs)
	for i := range added {
		added[i].Value = otlp.Detached(added[i].Value)
	}
	s.adding.Lock()
	defer s.adding.Unlock()
	all := append(make([]slog.Attr, 0, min(len(s.Attrs())+len(added), maxScope)), s.Attrs()...)
	for _, a := range added {
		if i := slices.IndexFunc(all, func(b slog.Attr) bool { return b.Key == a.Key }); i >= 0 {
			all[i].Value = a.Value
		} else if len(all) < maxScope {
			all = append(all, a)
		}
	}
	all = slices.Clip(all) // Whoever appends to what Attrs returned shall not write into it.
	s.attrs.Store(&all)
}

// Attrs returns the attributes so far. They are shared: the caller must not change them.
func (s *Scope) Attrs() []slog.Attr {
	if s == nil {
		return nil
	}
	if p := s.attrs.Load(); p != nil {
		return *p
	}
	return nil
}

// ContextWithScope returns a context whose records carry what s holds, instead of what
// a scope of ctx does. A nil s takes the scope of ctx away.
func ContextWithScope(ctx context.Context, s *Scope) context.Context {
	c := &recordContext{Context: ctx, common: commonOf(ctx)}
	c.common.scope = s
	return c
}

// ScopeFromContext returns the scope of ctx, nil if there is none.
func ScopeFromContext(ctx context.Context) *Scope { return commonOf(ctx).scope }

// common is what a context says about its records.
type common struct {
	trace TraceContext
	scope *Scope
}

type commonKey struct{}

// recordContext carries both, so that a log call asks a context but once. It is no
// context.WithValue, which would take three allocations for one.
type recordContext struct {
	context.Context //nolint:containedctx // This is a context.
	common          common
}

// Value answers for the key of common.
func (c *recordContext) Value(key any) any {
	if _, ok := key.(commonKey); ok {
		return c
	}
	return c.Context.Value(key)
}

func commonOf(ctx context.Context) common {
	if ctx == nil {
		return common{} // A mistake of the caller's that must not cost a record.
	}
	if c, ok := ctx.Value(commonKey{}).(*recordContext); ok {
		return c.common
	}
	return common{}
}
