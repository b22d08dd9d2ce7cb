package middleware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// scopeOf returns what an application's log with this context would carry.
func scopeOf(ctx context.Context) map[string]any {
	got := map[string]any{}
	for _, a := range ledger.ScopeFromContext(ctx).Attrs() {
		got[a.Key] = a.Value.Any()
	}
	return got
}

func TestAttributesOfTheHandlerAreOnTheRecordAndOnItsLogs(t *testing.T) {
	r := httptest.NewRequest(http.MethodPatch, "/orders/7", nil).WithContext(t.Context()) // which ends
	r.Header.Set("X-Request-Id", "r-1")
	var before, after map[string]any
	got := direct(func(_ http.ResponseWriter, r *http.Request) {
		before = scopeOf(r.Context())
		AddAttrs(r.Context(), slog.String("tenant", "a"), slog.Group("order", slog.Int("lines", 3)))
		AddAttrs(r.Context(), slog.String("tenant", "b"), slog.String("url.path", "/forged"))
		SetRoute(r.Context(), "/orders/{id}")
		after = scopeOf(r.Context())
	}, r).one(t)
	assert.Equal(t, map[string]any{"http.request.method": "PATCH", "request.id": "r-1"}, before)
	assert.Equal(t, map[string]any{
		"http.request.method": "PATCH", "request.id": "r-1", "http.route": "/orders/{id}",
		"tenant": "b", "order.lines": int64(3), "url.path": "/forged",
	}, after)
	assert.Equal(t, "b", got.attrs["tenant"])
	assert.Equal(t, int64(3), got.attrs["order.lines"])
	assert.Equal(t, "/orders/7", got.attrs["url.path"], "what the record says of the request stays")
	assert.Nil(t, ledger.ScopeFromContext(got.ctx), "or a client would add the attributes once more")
	assert.Nil(t, got.ctx.Done())
	_, ends := got.ctx.Deadline()
	assert.False(t, ends, "the record does not end with the request")
}

// Nothing is on the record twice, also as the client hands it on.
func TestARecordHoldsEveryAttributeOnce(t *testing.T) {
	var keys []string
	client, err := ledger.Open(ledger.Config{
		Dir: t.TempDir(), Endpoint: "http://127.0.0.1:1", ServiceName: "shop",
		BeforeSend: func(_ context.Context, r *ledger.Record) bool {
			for _, a := range r.Attrs {
				keys = append(keys, a.Key)
			}
			return true
		},
	})
	require.NoError(t, err)
	defer client.Close()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Request-Id", "r-1")
	New(client)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		SetRoute(r.Context(), "/x")
		AddAttrs(r.Context(), slog.String("tenant", "a"))
	})).ServeHTTP(httptest.NewRecorder(), r)
	seen := map[string]int{}
	for _, k := range keys {
		seen[k]++
	}
	for _, k := range []string{"http.request.method", "http.route", "request.id", "tenant"} {
		assert.Equal(t, 1, seen[k], k)
	}
}

func TestAFullScopeStillHoldsTheRequest(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Request-Id", "r-1")
	direct(func(_ http.ResponseWriter, r *http.Request) {
		for i := range 100 {
			AddAttrs(r.Context(), slog.Int(fmt.Sprint("k", i), i))
		}
		got := scopeOf(r.Context())
		assert.Len(t, got, 64)
		assert.Equal(t, "r-1", got["request.id"])
		assert.Contains(t, got, "k61")
	}, r).one(t)
}

func TestAttributesOutsideOfARequest(t *testing.T) {
	assert.NotPanics(t, func() {
		AddAttrs(context.Background(), slog.Int("a", 1))
		SetError(context.Background(), io.EOF)
		SetRoute(context.Background(), "/x")
		assert.Empty(t, RequestID(context.Background()))
	})
	job := new(ledger.Scope)
	AddAttrs(ledger.ContextWithScope(context.Background(), job), slog.Int("a", 1))
	assert.Len(t, job.Attrs(), 1)
}

// A scope of the application's own inside of a request does not hide the request.
func TestAttributesReachTheRequestPastAScopeOfAJob(t *testing.T) {
	got := direct(func(_ http.ResponseWriter, r *http.Request) {
		AddAttrs(ledger.ContextWithScope(r.Context(), new(ledger.Scope)), slog.Int("a", 1))
	}, httptest.NewRequest(http.MethodGet, "/", nil)).one(t)
	assert.Equal(t, int64(1), got.attrs["a"])
}

func TestAHandlersGoroutinesMayAddAtAnyTime(t *testing.T) {
	c := newCapture()
	var group sync.WaitGroup
	begun, release := make(chan struct{}), make(chan struct{})
	wrap(c)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for i := range 4 {
			group.Go(func() {
				for j := range 100 {
					AddAttrs(r.Context(), slog.Int(fmt.Sprint("k", i), j))
					SetError(r.Context(), io.EOF)
					SetRoute(r.Context(), "/x")
					if i == 0 && j == 50 {
						close(begun)
						<-release
					}
				}
			})
		}
		<-begun
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	got := c.one(t)
	close(release)
	group.Wait()
	assert.Equal(t, int64(50), got.attrs["k0"], "what was added when the handler returned is there")
	assert.Equal(t, io.EOF, got.Err)
}

func TestAnErrorThatWasSetIsTheReasonOfTheAnswer(t *testing.T) {
	boom := errors.New("boom")
	set := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			SetError(r.Context(), io.EOF)
			SetError(r.Context(), boom)
			if status != 0 {
				w.WriteHeader(status)
			}
		}
	}
	tests := []struct {
		name      string
		handler   http.HandlerFunc
		level     slog.Level
		errorType any
	}{
		{"200", set(0), slog.LevelWarn, nil},
		{"429", set(429), slog.LevelWarn, nil},
		{"404", set(404), slog.LevelWarn, nil},
		{"502", set(502), slog.LevelError, "502"},
		{"abort", func(w http.ResponseWriter, r *http.Request) {
			SetError(r.Context(), boom)
			panic(http.ErrAbortHandler)
		}, slog.LevelInfo, "aborted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCapture()
			caught(c, tt.handler)
			r := c.one(t)
			assert.Equal(t, boom, r.Err)
			assert.Equal(t, ledger.TypeEndpoint, r.Type)
			assert.Equal(t, tt.level, r.Level)
			assert.Equal(t, tt.errorType, r.attrs["error.type"])
		})
	}
	t.Run("a panic wins", func(t *testing.T) {
		c := newCapture()
		caught(c, func(_ http.ResponseWriter, r *http.Request) { SetError(r.Context(), boom); panic(io.EOF) })
		assert.Equal(t, io.EOF, c.one(t).Err)
	})
}

func TestEveryRecordHasTheEventName(t *testing.T) {
	assert.Equal(t, "http.server.request", direct(nothing, httptest.NewRequest(http.MethodGet, "/", nil)).one(t).EventName)
}

func TestARequestIDIsMadeAndAnsweredIfAsked(t *testing.T) {
	serve := func(id string, opts ...Option) (inHandler string, answered []string, recorded any) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if id != "" {
			r.Header.Set("X-Request-Id", id)
		}
		c, w := newCapture(), httptest.NewRecorder()
		wrap(c, opts...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inHandler = RequestID(r.Context())
		})).ServeHTTP(w, r)
		return inHandler, w.Result().Header["X-Request-Id"], c.one(t).attrs["request.id"]
	}
	t.Run("given", func(t *testing.T) {
		in, out, recorded := serve("r-1", WithRequestID())
		assert.Equal(t, "r-1", in)
		assert.Equal(t, []string{"r-1"}, out)
		assert.Equal(t, "r-1", recorded)
	})
	for name, id := range map[string]string{"none": "", "invalid": "a b"} {
		t.Run(name, func(t *testing.T) {
			in, out, recorded := serve(id, WithRequestID())
			assert.Regexp(t, "^[0-9a-f]{32}$", in)
			assert.Equal(t, []string{in}, out)
			assert.Equal(t, in, recorded)
			again, _, _ := serve(id, WithRequestID())
			assert.NotEqual(t, in, again)
		})
	}
	t.Run("not asked", func(t *testing.T) {
		in, out, _ := serve("r-1")
		assert.Equal(t, "r-1", in)
		assert.Empty(t, out)
	})
}
