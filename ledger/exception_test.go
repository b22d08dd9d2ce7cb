package ledger

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	plainError string
	nilError   struct{}
	valued     struct{ value any }
	looped     struct{}
)

func (e plainError) Error() string    { return string(e) }
func (e *nilError) Error() string     { panic("nil") }
func (e valued) Error() string        { return "secret" }
func (e valued) LogValue() slog.Value { return slog.AnyValue(e.value) }
func (looped) Error() string          { return "looped" }
func (l looped) LogValue() slog.Value { return slog.AnyValue(l) }

func TestTheTextOfAnErrorIsWhatALoggerSees(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"its Error", errors.New("refused"), "refused"},
		{"nothing", errors.New(""), ""},
		{"text", valued{"hidden"}, "hidden"},
		{"another error", valued{errors.New("hidden")}, "hidden"},
		{"a number", valued{7}, "7"},
		{"what hides nothing", valued{slog.GroupValue(slog.Int("code", 7))}, "secret"},
		{"itself without end", looped{}, "!LOOP: LogValue returns another LogValuer without end"},
		{"nil in an interface", (*nilError)(nil), "<nil>"},
		{"a panic", &nilError{}, "!PANIC: nil"},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, errorText(c.err)) })
	}
}

// exceptionOf returns what is stored of the exception of err.
func exceptionOf(t *testing.T, err error, stack string) map[string]any {
	t.Helper()
	got := map[string]any{}
	for _, a := range appendException(nil, &Record{Err: err, Stack: []byte(stack)}) {
		require.NotContains(t, got, a.Key, "each once")
		got[a.Key] = a.Value.Any()
	}
	return got
}

func TestAnExceptionSaysWhatWasJoined(t *testing.T) {
	first, second := plainError("a"), &wrapPanics{errors.New("b")}
	assert.Equal(t, map[string]any{"exception.type": "ledger.plainError", "exception.message": "a"}, exceptionOf(t, first, ""))
	assert.Equal(t, map[string]any{
		"exception.type": "ledger.plainError", "exception.message": "a\nb",
		"ledger.exception.other_types": []string{"*ledger.wrapPanics"},
	}, exceptionOf(t, errors.Join(first, second), ""))
}

func TestAStackThatIsGivenGoesBeforeThatOfTheError(t *testing.T) {
	err := calling{callerPCs()}
	assert.Contains(t, exceptionOf(t, err, "")["exception.stacktrace"], "testing.tRunner")
	assert.Equal(t, "at main.f(x.go:1)", exceptionOf(t, err, "at main.f(x.go:1)")["exception.stacktrace"])
}

// Both are read as text in the end; an error of 2^11 lines is within what is cut.
func TestALargeTreeOfErrorsIsOneException(t *testing.T) {
	tree := error(plainError("leaf"))
	for range 11 {
		tree = errors.Join(tree, tree)
	}
	got := exceptionOf(t, tree, "")
	assert.Equal(t, "ledger.plainError", got["exception.type"])
	assert.NotContains(t, got, "ledger.exception.other_types")
	assert.Equal(t, 1<<11, strings.Count(got["exception.message"].(string), "leaf"))
}
