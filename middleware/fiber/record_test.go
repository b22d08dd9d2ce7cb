package ledgerfiber_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/middleware"
	ledgerfiber "github.com/ledger-sdk/ledger-go/middleware/fiber"
)

func TestARecordHoldsTheRequest(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Post("/orders/:id", func(c fiber.Ctx) error {
		return c.Status(fiber.StatusCreated).SendString(fmt.Sprintf("got %d of %s", len(c.Body()), c.Params("id")))
	})
	s := serve(t, app)
	req, err := http.NewRequest(http.MethodPost, s.URL+"/orders/7%20a?token=t", strings.NewReader("four"))
	require.NoError(t, err)
	req.Header.Set("User-Agent", "shopper/1")
	req.Header.Set("X-Request-Id", "r-1")
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	req.Header.Set("X-Forwarded-Proto", "https")
	req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	before := time.Now()
	resp, err := s.Client.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	r := l.One(t)
	assert.Equal(t, "POST /orders/:id 201", r.Message)
	assert.Equal(t, ledger.TypeEndpoint, r.Type)
	assert.Equal(t, slog.LevelInfo, r.Level)
	assert.Equal(t, byte(0x0a), r.Trace.TraceID[0])
	seconds := r.Values["http.server.request.duration"].(float64)
	assert.Positive(t, seconds)
	assert.Less(t, seconds, time.Since(before).Seconds())
	assert.Positive(t, r.Values["network.peer.port"])
	assert.Positive(t, r.Values["server.port"])
	for _, k := range []string{"http.server.request.duration", "ledger.duration_ms", "network.peer.port", "server.port"} {
		delete(r.Values, k)
	}
	assert.Equal(t, map[string]any{
		"http.request.method":       "POST",
		"http.route":                "/orders/:id",
		"url.path":                  "/orders/7%20a",
		"url.scheme":                "http",
		"http.response.status_code": int64(201),
		"http.request.body.size":    int64(4),
		"http.response.body.size":   int64(len("got 4 of 7%20a")),
		"network.peer.address":      "127.0.0.1",
		"client.address":            "127.0.0.1",
		"server.address":            "127.0.0.1",
		"network.protocol.version":  "1.1",
		"user_agent.original":       "shopper/1",
		"request.id":                "r-1",
	}, r.Values, "and no claim of a header is believed")
}

func TestAnErrorIsAnsweredOnceAndItsStatusRecorded(t *testing.T) {
	cause := errors.New("stock: stale")
	for name, tt := range map[string]struct {
		handler fiber.Handler
		status  int
		level   slog.Level
		reason  error
		message any
	}{
		"none":          {fine, 200, slog.LevelInfo, nil, nil},
		"plain":         {func(fiber.Ctx) error { return cause }, 500, slog.LevelError, cause, nil},
		"of fiber":      {func(fiber.Ctx) error { return fiber.NewError(409, "taken") }, 409, slog.LevelWarn, nil, "taken"},
		"wrapped, 503":  {func(fiber.Ctx) error { return fmt.Errorf("%w: %w", fiber.ErrServiceUnavailable, cause) }, 503, slog.LevelError, cause, nil},
		"status alone":  {func(c fiber.Ctx) error { return c.SendStatus(502) }, 502, slog.LevelError, nil, nil},
		"named another": {func(c fiber.Ctx) error { middleware.SetError(c.Context(), cause); return errors.New("no") }, 500, slog.LevelError, cause, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			answers := 0
			app := fiber.New(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
				answers++
				return fiber.DefaultErrorHandler(c, err)
			}})
			app.Use(ledgerfiber.New(l.Client))
			app.Get("/x", tt.handler)
			status, body := serve(t, app).Get(t, "/x")
			require.Equal(t, tt.status, status)
			assert.LessOrEqual(t, answers, 1)
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

func TestAnErrorHandlerThatFailsIsA500(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New(fiber.Config{ErrorHandler: func(fiber.Ctx, error) error { return errors.New("worse") }})
	app.Use(ledgerfiber.New(l.Client))
	status, _ := serve(t, app).Get(t, "/nowhere")
	assert.Equal(t, 500, status)
	assert.Equal(t, "GET /nowhere 500", l.One(t).Message)
}

func TestWhatFiberAnswersByItselfHasNoRoute(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Use("/closed", func(c fiber.Ctx) error { return c.SendStatus(401) })
	app.Post("/only-post", fine)
	s := serve(t, app)
	for i, tt := range []struct {
		path   string
		status int
	}{{"/nowhere", 404}, {"/only-post", 405}, {"/closed/door", 401}} {
		status, _ := s.Get(t, tt.path)
		require.Equal(t, tt.status, status)
		r := l.Wait(t, i+1)[i]
		assert.Equal(t, fmt.Sprintf("GET %s %d", tt.path, tt.status), r.Message)
		assert.NotContains(t, r.Values, "http.route")
	}
}

func TestItRecordsWhereverItIsUsed(t *testing.T) {
	for name, set := range map[string]func(app *fiber.App, h fiber.Handler){
		"for the app": func(app *fiber.App, h fiber.Handler) { app.Use(h); app.Get("/shop/:id", fine) },
		"in a group":  func(app *fiber.App, h fiber.Handler) { app.Group("/shop", h).Get("/:id", fine) },
		"at a route":  func(app *fiber.App, h fiber.Handler) { app.Get("/shop/:id", h, fine) },
		"in two":      func(app *fiber.App, h fiber.Handler) { app.Use(h); app.Group("/shop", h).Get("/:id", fine) },
		"in a mounted": func(app *fiber.App, h fiber.Handler) {
			sub := fiber.New()
			sub.Use(h)
			sub.Get("/:id", fine)
			app.Use("/shop", sub)
		},
		"over a mount": func(app *fiber.App, h fiber.Handler) {
			sub := fiber.New()
			sub.Get("/:id", fine)
			app.Use(h)
			app.Use("/shop", sub)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			app := fiber.New()
			set(app, ledgerfiber.New(l.Client))
			status, _ := serve(t, app).Get(t, "/shop/7")
			require.Equal(t, 200, status)
			assert.Equal(t, "GET /shop/:id 200", l.One(t).Message)
		})
	}
}

func TestWhatAHandlerLogsBelongsToItsRequest(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Get("/orders/:id", func(c fiber.Ctx) error {
		ctx := c.Context()
		l.Client.Info(ctx, "inside")
		var wg sync.WaitGroup
		wg.Go(func() { middleware.AddAttrs(ctx, slog.String("shop.cart", "c-1")) })
		wg.Wait()
		middleware.SetRoute(ctx, "/orders/{id}")
		c.Set("X-Request-Id", "made-here")
		return nil
	})
	serve(t, app).Get(t, "/orders/7")
	records := l.Wait(t, 2)
	assert.Equal(t, "GET", records[0].Values["http.request.method"])
	assert.Equal(t, "c-1", records[1].Values["shop.cart"])
	assert.Equal(t, "made-here", records[1].Values["request.id"])
	assert.Equal(t, "GET /orders/{id} 200", records[1].Message, "what a handler says wins over fiber")
}

// Every attribute is read after fasthttp has used the memory of its request for others
// (M9). The recorder keeps what the client gets, which the client itself never does.
func TestNothingOfARequestChangesWithTheNext(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client, ledgerfiber.WithQuery(), ledgerfiber.WithClientIP(func(c fiber.Ctx) string { return c.Get("X-Ip") })))
	var contexts []context.Context
	app.Get("/:name", func(c fiber.Ctx) error {
		name, ctx := c.Params("name"), c.Context()
		middleware.AddAttrs(ctx, slog.String("name", name), slog.Any("list", []string{name}), slog.Any("any", []any{[]any{name}}))
		middleware.AddAttrs(ctx, slog.Bool(name, true))
		middleware.SetRoute(ctx, name)
		contexts = append(contexts, ctx)
		return fine(c)
	})
	app.Add([]string{"GET"}, "/a/b", fine)
	s := serve(t, app)
	const n = 50
	for i := range n {
		mark := strings.Repeat(string(rune('a'+i%26)), 40)
		req, err := http.NewRequest(http.MethodGet, s.URL+"/"+mark+"?q="+mark, nil)
		require.NoError(t, err)
		for _, h := range []string{"User-Agent", "X-Request-Id", "X-Ip"} {
			req.Header.Set(h, mark)
		}
		req.Host = mark
		resp, err := s.Client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	for i, r := range l.Wait(t, n) {
		mark := strings.Repeat(string(rune('a'+i%26)), 40)
		assert.Equal(t, "/"+mark, r.Values["url.path"])
		assert.Equal(t, "q="+mark, r.Values["url.query"])
		for _, k := range []string{"user_agent.original", "request.id", "client.address", "server.address"} {
			assert.Equal(t, mark, r.Values[k], k)
		}
		assert.Equal(t, "GET "+mark+" 200", r.Message)
		scope := map[string]any{} // what a goroutine that the handler left behind would log
		for _, a := range ledger.ScopeFromContext(contexts[i]).Attrs() {
			scope[a.Key] = a.Value.Any()
		}
		for _, v := range []map[string]any{r.Values, scope} {
			assert.Equal(t, mark, v["name"])
			assert.Equal(t, []string{mark}, v["list"])
			assert.Equal(t, []any{[]any{mark}}, v["any"])
			assert.Equal(t, true, v[mark])
			assert.Equal(t, mark, v["http.route"])
		}
	}
}

func TestAPathIsRecordedInPrintableASCII(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	s := serve(t, app)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET /a\xff%0A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	require.NoError(t, err)
	assert.Equal(t, "/a%FF%0A", l.One(t).Values["url.path"])
}

func TestOptions(t *testing.T) {
	bad := func(c fiber.Ctx) error { return c.SendStatus(500) }
	for name, tt := range map[string]struct {
		opt     ledgerfiber.Option
		handler fiber.Handler
		records int
		level   slog.Level
	}{
		"skipped":      {ledgerfiber.WithSkip(func(c fiber.Ctx) bool { return c.Path() == "/x" }), fine, 0, 0},
		"skip panics":  {ledgerfiber.WithSkip(func(fiber.Ctx) bool { panic("skip") }), fine, 1, slog.LevelInfo},
		"not kept":     {ledgerfiber.WithKeep(func(_ fiber.Ctx, status int, _ time.Duration) bool { return status != 200 }), fine, 0, 0},
		"kept":         {ledgerfiber.WithKeep(func(_ fiber.Ctx, _ int, took time.Duration) bool { return took > 0 }), fine, 1, slog.LevelInfo},
		"errors stay":  {ledgerfiber.WithKeep(func(fiber.Ctx, int, time.Duration) bool { return false }), bad, 1, slog.LevelError},
		"keep panics":  {ledgerfiber.WithKeep(func(fiber.Ctx, int, time.Duration) bool { panic("keep") }), fine, 1, slog.LevelInfo},
		"level":        {ledgerfiber.WithLevelFunc(func(_ fiber.Ctx, status int) slog.Level { return slog.Level(status) }), fine, 1, 200},
		"level panics": {ledgerfiber.WithLevelFunc(func(fiber.Ctx, int) slog.Level { panic("level") }), bad, 1, slog.LevelError},
		"ip panics":    {ledgerfiber.WithClientIP(func(fiber.Ctx) string { panic("ip") }), fine, 1, slog.LevelInfo},
		"nil":          {nil, fine, 1, slog.LevelInfo},
		"nil skip":     {ledgerfiber.WithSkip(nil), fine, 1, slog.LevelInfo},
		"nil keep":     {ledgerfiber.WithKeep(nil), fine, 1, slog.LevelInfo},
		"nil level":    {ledgerfiber.WithLevelFunc(nil), bad, 1, slog.LevelError},
		"nil ip":       {ledgerfiber.WithClientIP(nil), fine, 1, slog.LevelInfo},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			app := fiber.New()
			app.Use(ledgerfiber.New(l.Client, tt.opt))
			app.Get("/x", tt.handler)
			serve(t, app).Get(t, "/x")
			for _, r := range l.Wait(t, tt.records) { // M8: it is there before the answer
				assert.Equal(t, tt.level, r.Level)
				assert.Equal(t, "127.0.0.1", r.Values["client.address"])
			}
		})
	}
}

func TestTheQueryIsRecordedOnRequestAndRedacted(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client, ledgerfiber.WithQuery("note"), ledgerfiber.WithClientIP(fiber.Ctx.IP)))
	serve(t, app).Get(t, "/x?a=1&token=t&note=n")
	r := l.One(t)
	assert.Equal(t, "a=1&token=REDACTED&note=REDACTED", r.Values["url.query"])
	assert.Equal(t, "127.0.0.1", r.Values["client.address"])
}

func TestWithoutAClientNothingIsChanged(t *testing.T) {
	app := fiber.New()
	app.Use(ledgerfiber.New(nil))
	app.Get("/x", func(c fiber.Ctx) error {
		assert.Nil(t, ledger.ScopeFromContext(c.Context()))
		return fine(c)
	})
	_, body := serve(t, app).Get(t, "/x")
	assert.Equal(t, "fine", body)
}

func TestManyRequestsAtOnceAreARecordEach(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Get("/a/:id", fine)
	app.Get("/b/:id", func(fiber.Ctx) error { return fiber.ErrNotFound })
	serve(t, app).Crowd(t, l)
}
