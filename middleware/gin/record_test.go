package ledgergin_test

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
	ledgergin "github.com/ledger-sdk/ledger-go/middleware/gin"
)

func TestARecordHoldsTheRequest(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		engine := gin.New()
		engine.Use(ledgergin.New(l.Client))
		engine.POST("/orders/:id", func(c *gin.Context) {
			body, err := c.GetRawData()
			require.NoError(t, err)
			c.String(http.StatusCreated, "got %d of %s", len(body), c.Param("id"))
		})
		serve(engine).Order(t, l, len("got 4 of 7"))
	})
}

func TestTheStatusIsTheOneThatGinSends(t *testing.T) {
	for name, tt := range map[string]struct {
		handler gin.HandlerFunc
		status  int
		level   slog.Level
	}{
		"nothing at all":        {func(*gin.Context) {}, 200, slog.LevelInfo},
		"set, not sent":         {func(c *gin.Context) { c.Status(204) }, 204, slog.LevelInfo},
		"set twice":             {func(c *gin.Context) { c.Status(200); c.Status(409) }, 409, slog.LevelWarn},
		"set after it was sent": {func(c *gin.Context) { c.String(202, "x"); c.Status(500) }, 202, slog.LevelInfo},
		"sent now":              {func(c *gin.Context) { c.Status(206); c.Writer.WriteHeaderNow(); c.Status(500) }, 206, slog.LevelInfo},
		"flushed":               {func(c *gin.Context) { c.Status(203); c.Writer.Flush(); c.Status(500) }, 203, slog.LevelInfo},
		"written as a string":   {func(c *gin.Context) { c.Status(203); _, _ = c.Writer.WriteString("x"); c.Status(500) }, 203, slog.LevelInfo},
		"aborted with status":   {func(c *gin.Context) { c.AbortWithStatus(401) }, 401, slog.LevelWarn},
		"aborted with JSON":     {func(c *gin.Context) { c.AbortWithStatusJSON(503, gin.H{"a": 1}) }, 503, slog.LevelError},
		"redirected":            {func(c *gin.Context) { c.Redirect(307, "/elsewhere") }, 307, slog.LevelInfo},
		"a file":                {func(c *gin.Context) { c.File("gin.go") }, 200, slog.LevelInfo},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			engine := gin.New()
			engine.Use(ledgergin.New(l.Client))
			engine.GET("/x", tt.handler)
			s := web.Serve(t, engine, false)
			s.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			status, body := s.Get(t, "/x")
			require.Equal(t, tt.status, status)
			r := l.One(t)
			assert.EqualValues(t, tt.status, r.Values["http.response.status_code"])
			assert.EqualValues(t, len(body), r.Values["http.response.body.size"])
			assert.Equal(t, tt.level, r.Level)
		})
	}
}

func TestErrorsOfHandlersAreTheReason(t *testing.T) {
	first, second := errors.New("stock: stale"), errors.New("mail: down")
	for name, tt := range map[string]struct {
		handler gin.HandlerFunc
		want    []error
		level   slog.Level
	}{
		"none":              {func(c *gin.Context) { c.Status(500) }, nil, slog.LevelError},
		"one":               {func(c *gin.Context) { _ = c.AbortWithError(500, first) }, []error{first}, slog.LevelError},
		"several":           {func(c *gin.Context) { _ = c.Error(first); _ = c.Error(second); c.Status(502) }, []error{first, second}, slog.LevelError},
		"with a success":    {func(c *gin.Context) { _ = c.Error(first) }, []error{first}, slog.LevelWarn},
		"another was named": {func(c *gin.Context) { middleware.SetError(c.Request.Context(), second); _ = c.Error(first) }, []error{second}, slog.LevelWarn},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			engine := gin.New()
			engine.Use(ledgergin.New(l.Client))
			engine.GET("/x", tt.handler)
			web.Serve(t, engine, false).Get(t, "/x")
			r := l.One(t)
			assert.Equal(t, tt.level, r.Level)
			assert.Equal(t, ledger.TypeEndpoint, r.Type)
			assert.Equal(t, len(tt.want) == 0, r.Err == nil)
			for _, err := range tt.want {
				assert.ErrorIs(t, r.Err, err)
			}
		})
	}
}

func TestWhatGinAnswersByItselfHasNoRoute(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		engine := gin.New()
		engine.HandleMethodNotAllowed = true
		engine.Use(ledgergin.New(l.Client))
		engine.POST("/only-post", func(*gin.Context) {})
		s := serve(engine)
		for i, tt := range []struct {
			path, message string
			status        int
		}{
			{"/nowhere", "GET /nowhere 404", 404},
			{"/only-post", "GET /only-post 405", 405},
		} {
			status, _ := s.Get(t, tt.path)
			require.Equal(t, tt.status, status)
			r := l.Wait(t, i+1)[i]
			assert.Equal(t, tt.message, r.Message)
			assert.NotContains(t, r.Values, "http.route")
		}
		engine.NoRoute(func(c *gin.Context) { c.String(404, "not here") })
		s.Get(t, "/nowhere")
		assert.EqualValues(t, 8, l.Wait(t, 3)[2].Values["http.response.body.size"])
	})
}

func TestAllIsRecordedAroundTheEngine(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Use(ledgergin.New(l.Client))
	engine.GET("/orders/:id", func(c *gin.Context) { _ = c.AbortWithError(500, errors.New("stock: stale")) })
	s := web.Serve(t, middleware.New(l.Client)(engine), false)
	s.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.Get(t, "/orders/7")
	r := l.One(t)
	assert.Equal(t, "GET /orders/:id 500", r.Message, "one record, with gin's route")
	require.EqualError(t, r.Err, "stock: stale")
	s.Get(t, "/orders/7/")
	assert.Equal(t, "GET /orders/7/ 301", l.Wait(t, 2)[1].Message)
	_, body := s.Get(t, "/nowhere")
	assert.EqualValues(t, len(body), l.Wait(t, 3)[2].Values["http.response.body.size"])
}

func TestAMiddlewareThatIsUsedTwiceMakesOneRecord(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Use(ledgergin.New(l.Client))
	group := engine.Group("/shop", ledgergin.New(l.Client))
	group.GET("/carts/:id", func(c *gin.Context) { c.String(200, "cart") })
	web.Serve(t, engine, false).Get(t, "/shop/carts/1")
	assert.Equal(t, "GET /shop/carts/:id 200", l.One(t).Message)
}

func TestAGroupsMiddlewareRecordsTheGroup(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Group("/shop", ledgergin.New(l.Client)).GET("/carts/:id", func(c *gin.Context) { c.String(200, "cart") })
	engine.GET("/else", func(*gin.Context) {})
	s := web.Serve(t, engine, false)
	s.Get(t, "/else")
	s.Get(t, "/shop/carts/1")
	assert.Equal(t, "GET /shop/carts/:id 200", l.One(t).Message)
}

func TestARequestThatIsRoutedAgainIsOneRecord(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Use(ledgergin.New(l.Client))
	engine.GET("/old/:id", func(c *gin.Context) {
		c.Request.URL.Path = "/new/" + c.Param("id")
		engine.HandleContext(c)
	})
	engine.GET("/new/:id", func(c *gin.Context) { c.Status(418) })
	status, _ := web.Serve(t, engine, false).Get(t, "/old/7")
	require.Equal(t, 418, status)
	r := l.One(t)
	assert.Equal(t, "GET /new/:id 418", r.Message)
	assert.Equal(t, "/old/7", r.Values["url.path"])
}

func TestWhatAHandlerLogsBelongsToItsRequest(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.ContextWithFallback = true
	engine.Use(ledgergin.New(l.Client))
	engine.GET("/orders/:id", func(c *gin.Context) {
		l.Client.Info(c, "inside")
		var wg sync.WaitGroup
		ctx := c.Request.Context()
		wg.Go(func() { middleware.AddAttrs(ctx, slog.String("shop.cart", "c-1")) })
		wg.Wait()
		middleware.SetRoute(ctx, "/orders/{id}")
	})
	web.Serve(t, engine, false).Get(t, "/orders/7")
	records := l.Wait(t, 2)
	assert.Equal(t, "/orders/:id", records[0].Values["http.route"])
	assert.Equal(t, "c-1", records[1].Values["shop.cart"])
	assert.Equal(t, "GET /orders/{id} 200", records[1].Message, "what a handler says wins over gin")
}

func TestOptionsAreTheMiddlewares(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Use(ledgergin.New(l.Client,
		middleware.WithSkip(func(r *http.Request) bool { return r.URL.Path == "/healthz" }),
		middleware.WithQuery()))
	engine.GET("/healthz", func(c *gin.Context) { c.Status(500) })
	engine.GET("/x", func(*gin.Context) {})
	s := web.Serve(t, engine, false)
	status, _ := s.Get(t, "/healthz")
	assert.Equal(t, 500, status)
	s.Get(t, "/x?a=1&token=t")
	assert.Equal(t, "a=1&token=REDACTED", l.One(t).Values["url.query"])
}

func TestWithoutAClientNothingIsChanged(t *testing.T) {
	engine := gin.New()
	engine.Use(ledgergin.New(nil))
	engine.GET("/x", func(c *gin.Context) {
		assert.Nil(t, ledger.ScopeFromContext(c.Request.Context()))
		c.String(200, "fine")
	})
	_, body := web.Serve(t, engine, false).Get(t, "/x")
	assert.Equal(t, "fine", body)
}

func TestManyRequestsAtOnceAreARecordEach(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Use(ledgergin.New(l.Client))
	engine.GET("/a/:id", func(c *gin.Context) { c.String(200, c.Param("id")) })
	engine.GET("/b/:id", func(c *gin.Context) { c.Status(404) })
	web.Serve(t, engine, true).Crowd(t, l)
}
