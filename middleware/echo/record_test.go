package ledgerecho_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
	ledgerecho "github.com/ledger-sdk/ledger-go/middleware/echo"
)

func fine(c *echo.Context) error { return c.String(http.StatusOK, "fine") }

func TestARecordHoldsTheRequest(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		e := quiet()
		e.Use(ledgerecho.New(l.Client))
		e.POST("/orders/:id", func(c *echo.Context) error {
			body, err := io.ReadAll(c.Request().Body)
			require.NoError(t, err)
			return c.String(http.StatusCreated, string(body)+c.Param("id"))
		})
		serve(e).Order(t, l, len("four7"))
	})
}

// teapot is an error that knows its status, as echo asks for it.
type teapot struct{}

func (teapot) Error() string   { return "short and stout" }
func (teapot) StatusCode() int { return http.StatusTeapot }

func TestAnErrorIsAnsweredAndItsStatusRecorded(t *testing.T) {
	cause := errors.New("stock: stale")
	for name, tt := range map[string]struct {
		handler echo.HandlerFunc
		status  int
		level   slog.Level
		reason  error
		message any
	}{
		"none":             {fine, 200, slog.LevelInfo, nil, nil},
		"plain":            {func(*echo.Context) error { return cause }, 500, slog.LevelError, cause, nil},
		"of echo":          {func(*echo.Context) error { return echo.NewHTTPError(409, "taken") }, 409, slog.LevelWarn, nil, "code=409, message=taken"},
		"of echo, ours":    {func(*echo.Context) error { return echo.NewHTTPError(503, "later").Wrap(cause) }, 503, slog.LevelError, cause, nil},
		"with a status":    {func(*echo.Context) error { return teapot{} }, 418, slog.LevelWarn, nil, "short and stout"},
		"after the answer": {func(c *echo.Context) error { _ = c.NoContent(202); return cause }, 202, slog.LevelInfo, nil, "stock: stale"},
		"another was named": {func(c *echo.Context) error {
			middleware.SetError(c.Request().Context(), cause)
			return errors.New("internal")
		}, 500, slog.LevelError, cause, nil},
		"answered, no error": {func(c *echo.Context) error { return c.NoContent(502) }, 502, slog.LevelError, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			e := quiet()
			var seen error
			e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c *echo.Context) error {
					seen = next(c)
					return seen
				}
			}, ledgerecho.New(l.Client))
			returned := errors.New("not called")
			e.GET("/x", func(c *echo.Context) error {
				returned = tt.handler(c)
				return returned
			})
			status, body := web.Serve(t, e, false).Get(t, "/x")
			require.Equal(t, tt.status, status)
			assert.Equal(t, returned, seen, "middlewares outside see the error as ever")
			r := l.One(t)
			assert.EqualValues(t, tt.status, r.Values["http.response.status_code"])
			assert.EqualValues(t, len(body), r.Values["http.response.body.size"])
			assert.Equal(t, tt.level, r.Level)
			assert.Equal(t, ledger.TypeEndpoint, r.Type)
			assert.ErrorIs(t, r.Err, tt.reason)
			assert.Equal(t, tt.reason == nil, r.Err == nil)
			assert.Equal(t, tt.message, r.Values["error.message"])
		})
	}
}

func TestAnErrorIsAnsweredOnce(t *testing.T) {
	l := recorded.Open(t)
	e := quiet()
	answers := 0
	e.HTTPErrorHandler = func(c *echo.Context, _ error) {
		if r, _ := echo.UnwrapResponse(c.Response()); r != nil && r.Committed {
			return
		}
		answers++
		_ = c.NoContent(http.StatusBadGateway)
	}
	e.Use(ledgerecho.New(l.Client))
	e.GET("/x", func(*echo.Context) error { return errors.New("no") })
	status, _ := web.Serve(t, e, false).Get(t, "/x")
	assert.Equal(t, 502, status)
	assert.Equal(t, 1, answers)
	assert.Equal(t, "GET /x 502", l.One(t).Message)
}

func TestWhatEchoAnswersByItselfIsRecorded(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		e := quiet()
		e.Use(ledgerecho.New(l.Client))
		e.POST("/only-post/:id", fine)
		s := serve(e)
		for i, tt := range []struct {
			path, message string
			status        int
			route         any
		}{
			{"/nowhere", "GET /nowhere 404", 404, nil},
			{"/only-post/7", "GET /only-post/:id 405", 405, "/only-post/:id"},
		} {
			status, body := s.Get(t, tt.path)
			require.Equal(t, tt.status, status)
			r := l.Wait(t, i+1)[i]
			assert.Equal(t, tt.message, r.Message)
			assert.Equal(t, tt.route, r.Values["http.route"])
			assert.EqualValues(t, len(body), r.Values["http.response.body.size"])
		}
	})
}

func TestItRecordsWhereverItIsUsed(t *testing.T) {
	for name, set := range map[string]func(e *echo.Echo, m echo.MiddlewareFunc){
		"before the router": func(e *echo.Echo, m echo.MiddlewareFunc) { e.Pre(m); e.GET("/shop/:id", fine) },
		"before the router, whose request is a copy": func(e *echo.Echo, m echo.MiddlewareFunc) {
			e.Pre(m, func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c *echo.Context) error {
					c.SetRequest(c.Request().WithContext(c.Request().Context()))
					return next(c)
				}
			})
			e.GET("/shop/:id", fine)
		},
		"after the router": func(e *echo.Echo, m echo.MiddlewareFunc) { e.Use(m); e.GET("/shop/:id", fine) },
		"in a group":       func(e *echo.Echo, m echo.MiddlewareFunc) { e.Group("/shop", m).GET("/:id", fine) },
		"at a route":       func(e *echo.Echo, m echo.MiddlewareFunc) { e.GET("/shop/:id", fine, m) },
		"in two places":    func(e *echo.Echo, m echo.MiddlewareFunc) { e.Use(m); e.Group("/shop", m).GET("/:id", fine) },
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			e := quiet()
			set(e, ledgerecho.New(l.Client))
			status, _ := web.Serve(t, e, false).Get(t, "/shop/7")
			require.Equal(t, 200, status)
			assert.Equal(t, "GET /shop/:id 200", l.One(t).Message)
		})
	}
}

func TestTheRecordAroundTheInstanceGetsRouteAndError(t *testing.T) {
	l := recorded.Open(t)
	e := quiet()
	e.Use(ledgerecho.New(l.Client))
	e.GET("/orders/:id", func(*echo.Context) error { return errors.New("stock: stale") })
	web.Serve(t, middleware.New(l.Client)(e), false).Get(t, "/orders/7")
	r := l.One(t)
	assert.Equal(t, "GET /orders/:id 500", r.Message)
	assert.EqualError(t, r.Err, "stock: stale")
}

func TestWhatAHandlerLogsBelongsToItsRequest(t *testing.T) {
	l := recorded.Open(t)
	e := quiet()
	e.Use(ledgerecho.New(l.Client))
	e.GET("/orders/:id", func(c *echo.Context) error {
		ctx := c.Request().Context()
		l.Client.Info(ctx, "inside")
		var wg sync.WaitGroup
		wg.Go(func() { middleware.AddAttrs(ctx, slog.String("shop.cart", "c-1")) })
		wg.Wait()
		middleware.SetRoute(ctx, "/orders/{id}")
		return c.NoContent(204)
	})
	web.Serve(t, e, false).Get(t, "/orders/7")
	records := l.Wait(t, 2)
	assert.Equal(t, "/orders/:id", records[0].Values["http.route"])
	assert.Equal(t, "c-1", records[1].Values["shop.cart"])
	assert.Equal(t, "GET /orders/{id} 204", records[1].Message, "what a handler says wins over echo")
}

func TestOptionsAreTheMiddlewares(t *testing.T) {
	l := recorded.Open(t)
	e := quiet()
	e.Use(ledgerecho.New(l.Client,
		middleware.WithSkip(func(r *http.Request) bool { return r.URL.Path == "/healthz" }), middleware.WithQuery()))
	e.GET("/healthz", func(*echo.Context) error { return errors.New("sick") })
	e.GET("/x", fine)
	s := web.Serve(t, e, false)
	status, _ := s.Get(t, "/healthz")
	assert.Equal(t, 500, status)
	s.Get(t, "/x?a=1&token=t")
	assert.Equal(t, "a=1&token=REDACTED", l.One(t).Values["url.query"])
}

func TestWithoutAClientNothingIsChanged(t *testing.T) {
	e := quiet()
	e.Use(ledgerecho.New(nil))
	e.GET("/x", func(c *echo.Context) error {
		assert.Nil(t, ledger.ScopeFromContext(c.Request().Context()))
		return fine(c)
	})
	_, body := web.Serve(t, e, false).Get(t, "/x")
	assert.Equal(t, "fine", body)
}

func TestManyRequestsAtOnceAreARecordEach(t *testing.T) {
	l := recorded.Open(t)
	e := quiet()
	e.Use(ledgerecho.New(l.Client))
	e.GET("/a/:id", fine)
	e.GET("/b/:id", func(*echo.Context) error { return echo.ErrNotFound })
	web.Serve(t, e, true).Crowd(t, l)
}
