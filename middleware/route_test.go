package middleware

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// copies is a middleware that passes on a copy of the request, as every one does
// that adds to the context.
func copies(next http.Handler) http.Handler {
	type key struct{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, 1)))
	})
}

func TestRouteIsResolvedInThisOrder(t *testing.T) {
	muxOf := func(pattern string, h http.HandlerFunc) *http.ServeMux {
		m := http.NewServeMux()
		m.HandleFunc(pattern, h)
		return m
	}
	set := func(route string) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) { SetRoute(r.Context(), route) }
	}
	named := WithRouteFunc(func(*http.Request) string { return "/by/func" })
	silent := WithRouteFunc(func(*http.Request) string { return "" })
	broken := WithRouteFunc(func(*http.Request) string { panic("route") })

	orders := muxOf("GET /orders/{id}", nothing)
	setting := muxOf("GET /orders/{id}", set("/by/set"))
	hosted := muxOf("GET example.com/orders/{id}", nothing)
	nested := muxOf("/", nothing)
	nested.Handle("/orders/", http.StripPrefix("/orders", muxOf("/{id}", nothing)))

	tests := []struct {
		name string
		next http.Handler
		opts []Option
		want any
	}{
		{"pattern of the mux", orders, nil, "/orders/{id}"},
		{"pattern with a host", hosted, nil, "/orders/{id}"},
		{"SetRoute before all", setting, []Option{named, WithMux(orders)}, "/by/set"},
		{"empty SetRoute says nothing", muxOf("/orders/{id}", set("")), nil, "/orders/{id}"},
		{"SetRoute behind a copy", copies(setting), nil, "/by/set"},
		{"function before the pattern", orders, []Option{named}, "/by/func"},
		{"empty function leaves it to the pattern", orders, []Option{silent}, "/orders/{id}"},
		{"broken function leaves it to the pattern", orders, []Option{broken}, "/orders/{id}"},
		{"pattern before the mux", orders, []Option{WithMux(muxOf("/{other}/{mux}", nothing))}, "/orders/{id}"},
		{"behind a copy the pattern is lost", copies(orders), nil, nil},
		{"behind a copy the mux is asked", copies(orders), []Option{WithMux(orders)}, "/orders/{id}"},
		{"mux with a host", copies(hosted), []Option{WithMux(hosted)}, "/orders/{id}"},
		{"mux that does not match", copies(orders), []Option{WithMux(muxOf("/else", nothing))}, nil},
		{"mux that panics", copies(orders), []Option{WithMux(brokenMux{})}, nil},
		{"nested mux shows the outer pattern", nested, nil, "/orders/"},
		{"nothing matched", muxOf("/else", nothing), nil, nil},
		{"no router at all", http.HandlerFunc(nothing), nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "http://example.com/orders/7", nil)
			got := direct(tt.next.ServeHTTP, r, tt.opts...).one(t)
			assert.Equal(t, tt.want, got.attrs["http.route"])
		})
	}
}

// For a CONNECT net/http names the path that a redirect leads to where it names a
// pattern otherwise: whoever asks would write the routes (M5).
func TestAPathIsNoRouteOfACONNECT_M5(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/users/{id}/", nothing)
	mux.HandleFunc("/files/", nothing)
	mux.HandleFunc("/", nothing)
	for path, want := range map[string]any{
		"/users/42": nil, "/users/42/": "/users/{id}/", "/users//42": "/users/{id}/", "/files": nil, "/files/": "/files/",
		"/files/a/b": "/files/", "/chat": "/", "/": "/",
	} {
		for name, next := range map[string]http.Handler{"pattern": mux, "asked": copies(mux)} {
			r := httptest.NewRequest(http.MethodConnect, "http://example.com"+path, nil)
			r.URL.Path = path
			got := direct(next.ServeHTTP, r, WithMux(mux)).one(t)
			assert.Equal(t, want, got.attrs["http.route"], "%s %s", name, path)
		}
	}
}

type brokenMux struct{}

func (brokenMux) Handler(*http.Request) (http.Handler, string) { panic("mux") }

func TestRouteFuncSeesTheRequestThatTheHandlerGot(t *testing.T) {
	var handler, resolver *http.Request
	direct(func(_ http.ResponseWriter, r *http.Request) { handler = r },
		httptest.NewRequest(http.MethodGet, "/", nil),
		WithRouteFunc(func(r *http.Request) string { resolver = r; return "" }))
	assert.Same(t, handler, resolver)
}

func TestSetRouteOutsideOfARequestDoesNothing(t *testing.T) {
	assert.NotPanics(t, func() { SetRoute(context.Background(), "/x") })
}

func TestSetRouteMayBeCalledFromGoroutines(t *testing.T) {
	got := direct(func(_ http.ResponseWriter, r *http.Request) {
		done := make(chan struct{})
		for range 4 {
			go func() {
				SetRoute(r.Context(), "/same")
				done <- struct{}{}
			}()
		}
		for range 4 {
			<-done
		}
	}, httptest.NewRequest(http.MethodGet, "/", nil)).one(t)
	assert.Equal(t, "/same", got.attrs["http.route"])
}
