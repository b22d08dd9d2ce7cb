package otlp

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What an application's methods can do to us (E4).
type (
	panicValue   struct{ with any }
	panicError   struct{ with any }
	panicJSON    struct{ with any }
	panicMarshal struct{ with any }
	panicString  struct{ with any }
	textError    struct{}
	derefs       struct{ msg string }
	endless      struct{}
	doubling     struct{}
	listing      struct{}
	badError     struct{}
)

func (p panicValue) LogValue() slog.Value           { panic(p.with) }
func (p panicError) Error() string                  { panic(p.with) }
func (p panicJSON) MarshalJSON() ([]byte, error)    { panic(p.with) }
func (p panicMarshal) MarshalText() ([]byte, error) { panic(p.with) }
func (p panicString) String() string                { panic(p.with) }
func (textError) MarshalText() ([]byte, error)      { return nil, errors.New("no text") }
func (d *derefs) Error() string                     { return d.msg }
func (d *derefs) LogValue() slog.Value              { return slog.StringValue(d.msg) }
func (endless) LogValue() slog.Value                { return slog.AnyValue(endless{}) }
func (doubling) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("a", doubling{}), slog.Any("b", doubling{}))
}

func (listing) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("l", []any{listing{}, listing{}}))
}
func (badError) Error() string { panic(badError{}) }

func TestPanicsOfTheApplicationAreContained(t *testing.T) {
	bounds := func() (r any) {
		defer func() { r = recover() }()
		return make([]int, 1)[len("ab")]
	}()
	for _, c := range []struct {
		name string
		in   any
		want string
	}{
		{"LogValue", panicValue{"boom"}, "!PANIC: boom"},
		{"Error", panicError{errors.New("boom")}, "!PANIC: boom"},
		{"MarshalJSON", panicJSON{"boom"}, "!PANIC: boom"},
		{"MarshalJSON inside of a struct", struct{ X panicJSON }{panicJSON{"boom"}}, "!PANIC: boom"},
		{"MarshalText", panicMarshal{"boom"}, "!PANIC: boom"},
		{"String", panicString{"boom"}, "!PANIC: boom"},
		{"runtime error", panicError{bounds}, "!PANIC: runtime error: index out of range [2] with length 1"},
		{"a value of any type", panicError{struct{ secret string }{"s"}}, "!PANIC: struct { secret string }"},
		{"an error that panics again", badError{}, "!PANIC: otlp.badError"},
		{"MarshalText that fails", textError{}, "!ERROR: no text"},
		{"Error of a nil pointer", (*derefs)(nil), "<nil>"},
		{"LogValue of a nil pointer", slog.LogValuer((*derefs)(nil)), "<nil>"},
		{"LogValue without end", endless{}, "!LOOP: LogValue returns another LogValuer without end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []slog.Attr
			require.NotPanics(t, func() {
				got = roundTrip(t, slog.String("before", "1"), slog.Any("k", c.in), slog.String("after", "2"))
			})
			require.Len(t, got, 3, "a bad attribute must not take others with it")
			text := got[1].Value.String()
			assert.True(t, strings.HasPrefix(text, c.want), text)
			assert.LessOrEqual(t, len(text), maxPanicText)
		})
	}
}

func TestLongPanicsAreCut(t *testing.T) {
	got := roundTrip(t, slog.Any("k", panicError{strings.Repeat("x", 1<<20)}))
	assert.Len(t, got[0].Value.String(), maxPanicText)
}

// Each would run for years, or overflow the stack, if only depth were bounded.
func TestNestingWithoutEndStops(t *testing.T) {
	for name, in := range map[string]any{"groups": doubling{}, "lists": listing{}} {
		t.Run(name, func(t *testing.T) {
			done := make(chan []byte, 1)
			go func() {
				done <- AppendRecord(nil, &Record{Attrs: []slog.Attr{slog.Any("k", in), slog.Int("later", 1)}})
			}()
			select {
			case b := <-done:
				rec := decodeOne(t, b)
				assert.LessOrEqual(t, len(rec.Attrs), maxVisits)
				if name == "groups" {
					assert.NotZero(t, rec.Dropped, "what is left out must be counted")
				}
			case <-time.After(time.Minute):
				t.Fatal("did not end")
			}
		})
	}
}

func TestGroupsBeyondTheBoundAreDroppedAndCounted(t *testing.T) {
	attrs := []slog.Attr{
		{Key: "ok", Value: nested(maxDepth - 1)},
		{Key: "deep", Value: nested(maxDepth)},
		slog.Int("after", 1),
	}
	flat, dropped := Flatten(nil, "", attrs)
	require.Len(t, flat, 2)
	assert.Equal(t, "ok"+strings.Repeat(".g", maxDepth-1), flat[0].Key)
	assert.Equal(t, "after", flat[1].Key)
	assert.Equal(t, 1, dropped)
}
