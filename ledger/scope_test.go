package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAScopeKeepsWhatIsAdded(t *testing.T) {
	var s Scope
	assert.Empty(t, s.Attrs())
	s.Add()
	names := []string{"a"}
	s.Add(slog.Int("n", 1), slog.Any("names", names), slog.Group("user", slog.Int("id", 7)))
	names[0] = "changed"
	assert.Equal(t, []slog.Attr{slog.Int("n", 1), slog.Any("names", []string{"a"}), slog.Int("user.id", 7)}, s.Attrs())

	before := s.Attrs()
	s.Add(slog.Int("n", 2))
	assert.Equal(t, int64(1), before[0].Value.Int64(), "a list that was handed out does not change")
	assert.Equal(t, slog.Int("n", 2), s.Attrs()[0], "the last of a key wins")
	assert.Len(t, s.Attrs(), 3)

	assert.Nil(t, (*Scope)(nil).Attrs())
}

func TestAScopeIsBounded(t *testing.T) {
	var s Scope
	for i := range 10 * maxScope {
		s.Add(slog.Int(fmt.Sprint(i), i))
	}
	require.Len(t, s.Attrs(), maxScope)
	assert.Equal(t, slog.Int("0", 0), s.Attrs()[0])
	s.Add(slog.Int("0", 1))
	assert.Contains(t, s.Attrs(), slog.Int("0", 1), "what it knows may change")
	assert.Len(t, s.Attrs(), maxScope)
	s.Add(slog.Int("new", 1), slog.Int("1", 2))
	assert.Contains(t, s.Attrs(), slog.Int("1", 2), "and stays, though there was no room for the one before it")
	assert.Len(t, s.Attrs(), maxScope)
}

// adder is a value that adds to the scope that it is added to.
type adder struct{ s *Scope }

func (a adder) LogValue() slog.Value {
	a.s.Add(slog.Int("inner", 1))
	return slog.IntValue(2)
}

func TestAValueMayAddToItsScope(t *testing.T) {
	var s Scope
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Add(slog.Any("outer", adder{&s}))
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		require.Fail(t, "a lock is waited for that this goroutine holds")
	}
	assert.Equal(t, []slog.Attr{slog.Int("inner", 1), slog.Int("outer", 2)}, s.Attrs())
}

// The race detector is half of this test.
func TestAScopeIsSafeForConcurrentUse(t *testing.T) {
	var s Scope
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			s.Add(slog.Int("a", i), slog.Int("b", i))
			for _, a := range s.Attrs() {
				_ = a.Value.Int64()
			}
		})
	}
	group.Wait()
	attrs := s.Attrs()
	require.Len(t, attrs, 2)
	assert.Equal(t, attrs[0].Value, attrs[1].Value, "an Add is seen whole")
}

func TestScopeAndTraceShareAContext(t *testing.T) {
	tc, _ := ParseTraceparent(traceparent)
	var outer, inner Scope
	ctx := ContextWithScope(t.Context(), &outer)
	assert.Same(t, &outer, ScopeFromContext(ctx))
	_, ok := TraceFromContext(ctx)
	assert.False(t, ok)

	ctx = ContextWithTrace(ctx, tc)
	assert.Same(t, &outer, ScopeFromContext(ctx), "a trace leaves the scope")
	ctx = ContextWithScope(context.WithoutCancel(ctx), &inner)
	assert.Same(t, &inner, ScopeFromContext(ctx))
	got, ok := TraceFromContext(ctx)
	assert.True(t, ok, "and a scope the trace")
	assert.Equal(t, tc, got)

	ctx = ContextWithTrace(ContextWithScope(ctx, nil), TraceContext{})
	assert.Nil(t, ScopeFromContext(ctx))
	_, ok = TraceFromContext(ctx)
	assert.False(t, ok)
	assert.Nil(t, ScopeFromContext(context.Background()))
	assert.Nil(t, ScopeFromContext(nil)) //nolint:staticcheck // A mistake that must not cost a record.
}

// Canceling must still reach what is derived, without a goroutine for each context.
func TestAScopesContextEndsWithItsParent(t *testing.T) {
	parent, cancel := context.WithCancelCause(t.Context())
	child, stop := context.WithCancel(ContextWithScope(parent, new(Scope)))
	defer stop()
	cause := fmt.Errorf("enough")
	cancel(cause)
	<-child.Done()
	assert.Equal(t, cause, context.Cause(child))
}

// Precedence: the record's own, then the handler's, then the scope's.
func TestEveryRecordCarriesItsScope(t *testing.T) {
	var s Scope
	s.Add(slog.String("request.id", "r1"), slog.String("a", "scope"), slog.String("b", "scope"))
	prep := func(r Record) map[string]any {
		c := &Client{ids: newIDSource()}
		st := c.stamp(ContextWithScope(t.Context(), &s), testNow)
		got := map[string]any{}
		for _, a := range decode(t, new(preparer).encode(nil, &r, &st)).Attrs {
			require.NotContains(t, got, a.Key)
			got[a.Key] = a.Value.Any()
		}
		return got
	}
	got := prep(Record{Message: "m", preset: newPreset([]slog.Attr{slog.String("a", "with"), slog.String("b", "with")}, nil), Attrs: []slog.Attr{slog.String("b", "own")}})
	assert.Equal(t, "r1", got["request.id"])
	assert.Equal(t, "with", got["a"])
	assert.Equal(t, "own", got["b"])
	assert.Equal(t, "scope", prep(Record{Message: "m"})["a"])
}

func TestTheApplicationsTraceIsAskedFirst(t *testing.T) {
	ours, _ := ParseTraceparent(traceparent)
	theirs := TraceContext{TraceID: [16]byte{1}, SpanID: [8]byte{2}}
	ctx := ContextWithTrace(t.Context(), ours)
	for name, c := range map[string]struct {
		ask  func(context.Context) (TraceContext, bool)
		want TraceContext
	}{
		"none":           {nil, ours},
		"theirs":         {func(context.Context) (TraceContext, bool) { return theirs, true }, theirs},
		"no span":        {func(context.Context) (TraceContext, bool) { return theirs, false }, ours},
		"invalid":        {func(context.Context) (TraceContext, bool) { return TraceContext{SpanID: [8]byte{2}}, true }, ours},
		"one that fails": {func(context.Context) (TraceContext, bool) { panic("boom") }, ours},
	} {
		client := &Client{ids: newIDSource(), cfg: Config{TraceContext: c.ask}}
		assert.Equal(t, c.want, client.stamp(ctx, testNow).trace, name)
	}
}
