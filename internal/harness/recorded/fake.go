package recorded

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// Call is what one call of Log was given.
type Call struct {
	// Record has no attributes: they stand below, and their memory belongs to the caller.
	ledger.Record
	Context context.Context //nolint:containedctx // It is what was given.
	// Keys holds the keys of the attributes in order, flat and plain as they would be
	// stored, and Values their values; of equal keys the last.
	Keys   []string
	Values map[string]any
}

// Fake is logged with instead of a client, and keeps what it is given. It is safe for
// concurrent use.
type Fake struct {
	// Err is what Log and Sync answer. It is set before the first call.
	Err error

	mu    sync.Mutex
	calls []Call
	syncs []context.Context
}

// Log keeps r.
func (f *Fake) Log(ctx context.Context, r ledger.Record) error {
	flat, _ := otlp.Flatten(nil, "", r.Attrs)
	c := Call{Record: r, Context: ctx, Values: make(map[string]any, len(flat))}
	for _, a := range flat {
		c.Keys = append(c.Keys, a.Key)
		c.Values[a.Key] = a.Value.Any()
	}
	c.Attrs, c.Stack = nil, slices.Clone(r.Stack)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, c)
	return f.Err
}

// Sync keeps the context.
func (f *Fake) Sync(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs = append(f.syncs, ctx)
	return f.Err
}

// Calls returns the calls of Log so far.
func (f *Fake) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Syncs returns the contexts of the calls of Sync so far.
func (f *Fake) Syncs() []context.Context {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.syncs)
}

// Last returns the last call of Log.
func (f *Fake) Last(t testing.TB) Call {
	t.Helper()
	calls := f.Calls()
	if len(calls) == 0 {
		t.Fatal("nothing was logged")
	}
	return calls[len(calls)-1]
}
