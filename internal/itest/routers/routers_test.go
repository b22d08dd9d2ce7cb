package routers

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimw "github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/mux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("broken")

// chiRoute is all that chi needs.
func chiRoute(r *http.Request) string { return chi.RouteContext(r.Context()).RoutePattern() }

// muxRoute is all that gorilla/mux needs, inside of it.
func muxRoute(r *http.Request) string {
	route := mux.CurrentRoute(r)
	if route == nil {
		return ""
	}
	pattern, err := route.GetPathTemplate()
	if err != nil {
		return ""
	}
	return pattern
}

// muxOutside finds the route of a request from outside of a router, whose request is
// another one.
func muxOutside(router *mux.Router) func(*http.Request) string {
	return func(r *http.Request) string {
		var match mux.RouteMatch
		if !router.Match(r, &match) || match.Route == nil {
			return ""
		}
		pattern, err := match.Route.GetPathTemplate()
		if err != nil {
			return ""
		}
		return pattern
	}
}

// cart answers, logs and names an attribute.
func cart(l *recorded.Log) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.Client.Info(r.Context(), "inside")
		middleware.AddAttrs(r.Context(), slog.String("shop.cart", "c-1"))
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "cart")
	}
}

func breakDown(http.ResponseWriter, *http.Request) { panic(errBroken) }

// anotherContext is a middleware that passes on a copy of the request, as many do. A
// pattern that is written into the copy is not found outside.
func anotherContext(next http.Handler) http.Handler {
	type key struct{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, 1)))
	})
}

// quiet takes what chi's Recoverer would print.
type quiet struct{}

func (quiet) Write(int, int, http.Header, time.Duration, any) {}
func (quiet) Panic(any, []byte)                               {}

func quietly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, chimw.WithLogEntry(r, quiet{}))
	})
}

// routers returns each way to put the middleware around the same routes.
func routers(l *recorded.Log) map[string]http.Handler {
	withChi := func(use ...func(http.Handler) http.Handler) *chi.Mux {
		r := chi.NewRouter()
		r.Use(use...)
		r.Use(anotherContext)
		r.Route("/shop", func(r chi.Router) {
			r.With(anotherContext).Get("/carts/{id:[0-9]+}", cart(l))
			r.Mount("/admin", chi.NewRouter().Group(func(r chi.Router) { r.Get("/{page}", cart(l)) }))
		})
		r.Get("/panic", breakDown)
		return r
	}
	withMux := func(use ...mux.MiddlewareFunc) *mux.Router {
		r := mux.NewRouter()
		r.Use(use...)
		r.Use(anotherContext)
		shop := r.PathPrefix("/shop").Subrouter()
		shop.HandleFunc("/carts/{id:[0-9]+}", cart(l)).Methods(http.MethodGet)
		shop.PathPrefix("/admin").Subrouter().HandleFunc("/{page}", cart(l))
		r.HandleFunc("/panic", breakDown)
		return r
	}
	outer := withMux()
	return map[string]http.Handler{
		"chi, used":      withChi(middleware.New(l.Client, middleware.WithRouteFunc(chiRoute))),
		"chi, recovered": withChi(quietly, chimw.Recoverer, middleware.New(l.Client, middleware.WithRouteFunc(chiRoute))),
		"mux, used":      withMux(middleware.New(l.Client, middleware.WithRouteFunc(muxRoute))),
		"mux, around":    middleware.New(l.Client, middleware.WithRouteFunc(muxOutside(outer)))(anotherContext(outer)),
	}
}

func TestRoutesAreThePatternsOfTheRouter(t *testing.T) {
	l := recorded.Open(t)
	for name, h := range routers(l) {
		t.Run(name, func(t *testing.T) {
			s := web.Start(t, h, false)
			for path, route := range map[string]string{
				"/shop/carts/7":    "/shop/carts/{id:[0-9]+}",
				"/shop/admin/page": "/shop/admin/{page}",
			} {
				before := len(l.All())
				resp, err := s.Client().Get(s.URL + path)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, http.StatusAccepted, resp.StatusCode)
				records := l.Wait(t, before+2)[before:]
				assert.Equal(t, "GET", records[0].Values["http.request.method"], "the handler's own line belongs to it")
				assert.Equal(t, "GET "+route+" 202", records[1].Message)
				assert.Equal(t, "c-1", records[1].Values["shop.cart"])
				assert.EqualValues(t, 4, records[1].Values["http.response.body.size"])
			}
		})
	}
}

func TestAPanicOfARoutedHandlerIsRecordedOnce(t *testing.T) {
	l := recorded.Open(t)
	for name, h := range routers(l) {
		t.Run(name, func(t *testing.T) {
			s := web.Start(t, h, false)
			before := len(l.All())
			resp, err := s.Client().Get(s.URL + "/panic")
			if err == nil { // with chi's Recoverer outside
				require.NoError(t, resp.Body.Close())
				require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
			}
			r := l.Wait(t, before+1)[before]
			assert.Equal(t, ledger.TypeException, r.Type)
			assert.Equal(t, "GET /panic 500", r.Message)
			assert.ErrorIs(t, r.Err, errBroken)
		})
	}
}

// Middlewares of gorilla/mux run only for requests that match: what it refuses is seen
// by a middleware around it.
func TestWhatTheRouterRefusesHasNoRoute(t *testing.T) {
	l := recorded.Open(t)
	for name, h := range routers(l) {
		if name == "mux, used" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := web.Start(t, h, false)
			before := len(l.All())
			for i, path := range []string{"/nowhere", "/shop/carts/x"} {
				resp, err := s.Client().Get(s.URL + path)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, http.StatusNotFound, resp.StatusCode)
				r := l.Wait(t, before+i+1)[before+i]
				assert.EqualValues(t, 404, r.Values["http.response.status_code"])
				if i == 1 && strings.HasPrefix(name, "chi") {
					assert.Equal(t, "/shop/*", r.Values["http.route"], "how far chi came")
				} else {
					assert.NotContains(t, r.Values, "http.route")
				}
			}
		})
	}
}
