package middleware

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// raise is a function of its own, so that its name is in the stack.
func raise(v any) { panic(v) }

// identical is stricter than assert.Equal, which compares what pointers point to.
func identical(a, b any) bool { return a == b }

// caught serves one request, and returns the value and the stack that a handler
// outside of the middleware sees.
func caught(c *capture, h http.HandlerFunc) (v any, stack string) {
	defer func() {
		v = recover()
		stack = string(debug.Stack())
	}()
	wrap(c)(h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders", nil))
	return nil, ""
}

func TestAPanicIsRecordedAndRaisedAgainUnchanged(t *testing.T) {
	var index []int
	i := 3
	sentinel := errors.New("sentinel")
	pointer := &struct{ n int }{7}
	tests := []struct {
		name      string
		raise     func()
		same      any // the identical value, where there is one to compare
		errorType string
		message   string
	}{
		{"error", func() { raise(sentinel) }, sentinel, "error", "sentinel"},
		{"wrapped error", func() { raise(fmt.Errorf("op: %w", sentinel)) }, nil, "error", "op: sentinel"},
		{"wrapped type", func() { raise(fmt.Errorf("op: %w", tried{sentinel})) }, nil, "middleware.tried", "op: sentinel"},
		{"joined", func() { raise(errors.Join(sentinel, tried{sentinel})) }, nil, "middleware.tried", "sentinel\nsentinel"},
		{"string", func() { raise("boom") }, "boom", "*ledger.Panic", "boom"},
		{"pointer", func() { raise(pointer) }, pointer, "*ledger.Panic", "&{7}"},
		{"runtime error", func() { _ = index[i] }, nil, "runtime.boundsError", "runtime error: index out of range [3] with length 0"},
		{"nil", func() { raise(nil) }, nil, "*runtime.PanicNilError", new(runtime.PanicNilError).Error()},
		{"wrapped abort", func() { raise(fmt.Errorf("op: %w", http.ErrAbortHandler)) }, nil, "error", "op: net/http: abort Handler"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCapture()
			v, stack := caught(c, func(http.ResponseWriter, *http.Request) { tt.raise() })
			require.NotNil(t, v)
			if tt.same != nil {
				assert.True(t, identical(v, tt.same), "the identical value")
			}
			assert.Contains(t, stack, "TestAPanicIsRecordedAndRaisedAgainUnchanged.func", "an outer recover finds the origin")

			r := c.one(t)
			assert.Equal(t, ledger.TypeException, r.Type)
			assert.Equal(t, slog.LevelError, r.Level)
			assert.Equal(t, ledger.ImportanceHigh, r.Importance)
			assert.Equal(t, "GET /orders 500", r.Message)
			assert.Equal(t, tt.errorType, r.attrs["error.type"])
			assert.Equal(t, int64(500), r.attrs["http.response.status_code"])
			require.Error(t, r.Err)
			assert.Equal(t, ledger.ErrorType(r.Err), r.attrs["error.type"], "as exception.type")
			assert.Equal(t, tt.message, r.Err.Error())
			assert.Contains(t, string(r.Stack), "TestAPanicIsRecordedAndRaisedAgainUnchanged.func")
			assert.Contains(t, string(r.Stack), "panic_test.go")
		})
	}
}

func TestAnAbortIsRecordedWithoutAStackAndRaisedAgain(t *testing.T) {
	c := newCapture()
	v, _ := caught(c, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	assert.True(t, identical(v, http.ErrAbortHandler))
	r := c.one(t)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, ledger.TypeEndpoint, r.Type)
	assert.Equal(t, "aborted", r.attrs["error.type"])
	assert.Equal(t, int64(499), r.attrs["http.response.status_code"])
	assert.NoError(t, r.Err)
	assert.Empty(t, r.Stack)
}

func TestAnAbortAfterTheStatusKeepsTheStatus(t *testing.T) {
	c := newCapture()
	caught(c, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	})
	assert.Equal(t, int64(200), c.one(t).attrs["http.response.status_code"])
}

func TestAGoexitIsRecordedAndGoesOn(t *testing.T) {
	c := newCapture()
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		caught(c, func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
		returned = true
	}()
	<-done
	assert.False(t, returned)
	assert.Equal(t, "aborted", c.one(t).attrs["error.type"])
}

func TestAPanicKeepsTheStatusThatWasSent(t *testing.T) {
	tests := []struct {
		name string
		send func(http.ResponseWriter)
		want int64
	}{
		{"nothing", func(http.ResponseWriter) {}, 500},
		{"a status", func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) }, 202},
		{"a body", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "a") }, 200},
		{"a flush", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, 200},
		{"early hints", func(w http.ResponseWriter) { w.WriteHeader(http.StatusEarlyHints) }, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCapture()
			caught(c, func(w http.ResponseWriter, _ *http.Request) { tt.send(w); panic("late") })
			r := c.one(t)
			assert.Equal(t, tt.want, r.attrs["http.response.status_code"])
			assert.Equal(t, slog.LevelError, r.Level)
		})
	}
}

func TestAStatusThatPanicsWasNotSent(t *testing.T) {
	c := newCapture()
	v, _ := caught(c, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(1000) })
	require.NotNil(t, v)
	assert.Equal(t, int64(500), c.one(t).attrs["http.response.status_code"])
}

func TestTheServerOutlivesAPanic(t *testing.T) {
	onBoth(t, func(t *testing.T, p protocol) {
		c := newCapture()
		mux := http.NewServeMux()
		mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
		mux.HandleFunc("/fine", nothing)
		s := p.serve(t, wrap(c)(mux))
		resp, err := s.Client().Get(s.URL + "/panic")
		if err == nil {
			resp.Body.Close()
		}
		require.Error(t, err, "net/http drops the connection, as without the middleware")
		r := c.one(t)
		assert.Equal(t, "GET /panic 500", r.Message)
		assert.Equal(t, "/panic", r.attrs["http.route"])
		status, _ := get(t, s, "/fine")
		assert.Equal(t, 200, status)
	})
}

func TestABrokenRouteFuncDoesNotHideThePanic(t *testing.T) {
	c := newCapture()
	var v any
	func() {
		defer func() { v = recover() }()
		h := wrap(c, WithRouteFunc(func(*http.Request) string { panic("route") }))
		h(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	assert.Equal(t, "boom", v)
	assert.EqualError(t, c.one(t).Err, "boom")
}
