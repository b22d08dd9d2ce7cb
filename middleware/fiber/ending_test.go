package ledgerfiber_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	recovery "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/timeout"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerfiber "github.com/ledger-sdk/ledger-go/middleware/fiber"
)

var errBroken = errors.New("broken")

func breakDown(fiber.Ctx) error { panic(errBroken) }

func TestAPanicWithRecoverOnEitherSide(t *testing.T) {
	for name, tt := range map[string]struct {
		use func(*recorded.Log) []any
		typ ledger.Type
	}{
		"outside": {func(l *recorded.Log) []any { return []any{recovery.New(), ledgerfiber.New(l.Client)} }, ledger.TypeException},
		"inside":  {func(l *recorded.Log) []any { return []any{ledgerfiber.New(l.Client), recovery.New()} }, ledger.TypeEndpoint},
		"ours": {func(l *recorded.Log) []any {
			return []any{ledgerfiber.New(l.Client, ledgerfiber.WithRecover())}
		}, ledger.TypeException},
	} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			app := fiber.New()
			app.Use(tt.use(l)...)
			app.Get("/orders/:id", breakDown)
			s := serve(t, app)
			status, _ := s.Get(t, "/orders/7")
			assert.Equal(t, 500, status)
			r := l.One(t)
			assert.Equal(t, "GET /orders/:id 500", r.Message)
			assert.Equal(t, slog.LevelError, r.Level)
			assert.Equal(t, tt.typ, r.Type)
			require.ErrorIs(t, r.Err, errBroken)
			if tt.typ == ledger.TypeException {
				assert.Contains(t, string(r.Stack), "fiber_test.breakDown")
			}
		})
	}
}

func TestAPanicIsRaisedAgainWithItsValue(t *testing.T) {
	for name, value := range map[string]any{"error": errBroken, "text": "boom", "abort": http.ErrAbortHandler} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			var got any
			opts := []ledgerfiber.Option{}
			if value == any(http.ErrAbortHandler) {
				opts = append(opts, ledgerfiber.WithRecover()) // which leaves it alone
			}
			app := fiber.New()
			app.Use(recovery.New(recovery.Config{EnableStackTrace: true, StackTraceHandler: func(_ fiber.Ctx, v any) { got = v }}),
				ledgerfiber.New(l.Client, opts...))
			app.Get("/x", func(fiber.Ctx) error { panic(value) })
			serve(t, app).Get(t, "/x")
			assert.Equal(t, value, got)
			r := l.One(t)
			aborted := value == any(http.ErrAbortHandler)
			assert.Equal(t, aborted, r.Values["error.type"] == "aborted")
			assert.Equal(t, aborted, r.Level == slog.LevelInfo)
		})
	}
}

func TestAStreamIsRecordedWhenItBegins(t *testing.T) {
	l := recorded.Open(t)
	end := make(chan struct{})
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Get("/events", func(c fiber.Ctx) error {
		return c.SendStreamWriter(func(w *bufio.Writer) {
			_, _ = w.WriteString("data: 1\n\n")
			_ = w.Flush()
			<-end
		})
	})
	app.Get("/declared", func(c fiber.Ctx) error { return c.SendStream(strings.NewReader("four"), 4) })
	s := serve(t, app)
	resp, err := s.Client.Get(s.URL + "/events")
	require.NoError(t, err)
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "data: 1\n", line)
	r := l.One(t) // while it runs
	assert.EqualValues(t, 200, r.Values["http.response.status_code"])
	assert.NotContains(t, r.Values, "http.response.body.size")
	close(end)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)

	_, body := s.Get(t, "/declared")
	assert.Equal(t, "four", body)
	assert.EqualValues(t, 4, l.Wait(t, 2)[1].Values["http.response.body.size"])
}

func TestARequestThatRanOutOfTimeIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	end, ended := make(chan struct{}), make(chan struct{})
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Get("/slow", timeout.New(func(c fiber.Ctx) error {
		defer close(ended)
		<-end
		return c.SendString("too late")
	}, timeout.Config{Timeout: 10 * time.Millisecond}))
	status, _ := serve(t, app).Get(t, "/slow")
	require.Equal(t, 408, status)
	assert.Equal(t, "GET /slow 408", l.One(t).Message)
	close(end)
	<-ended
}

func TestAConnectionThatIsTakenOverIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Get("/ws", func(c fiber.Ctx) error {
		c.Set("Connection", "Upgrade")
		c.Set("Upgrade", "echo")
		c.Status(fiber.StatusSwitchingProtocols)
		c.RequestCtx().Hijack(func(conn net.Conn) { _, _ = conn.Write([]byte("hello")) })
		return nil
	})
	serve(t, app).TakeOver(t, l, "/ws")
}

func TestTheBodyOfHeadIsNotSent(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New()
	app.Use(ledgerfiber.New(l.Client))
	app.Get("/x", fine)
	s := serve(t, app)
	resp, err := s.Client.Head(s.URL + "/x")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.EqualValues(t, 0, l.One(t).Values["http.response.body.size"])
}

func TestARequestBodyThatIsStreamedIsNotReadForItsSize(t *testing.T) {
	l := recorded.Open(t)
	app := fiber.New(fiber.Config{StreamRequestBody: true, BodyLimit: 8})
	app.Use(ledgerfiber.New(l.Client))
	app.Post("/x", func(c fiber.Ctx) error {
		n, err := io.Copy(io.Discard, c.RequestCtx().RequestBodyStream())
		if err != nil {
			return err
		}
		return c.SendString(strings.Repeat("x", int(n)))
	})
	s := serve(t, app)
	body := strings.Repeat("a", 100)
	for i, tt := range []struct {
		body io.Reader
		size any
	}{
		{strings.NewReader(body), int64(100)},
		{io.MultiReader(strings.NewReader(body)), nil}, // chunked: nobody said how long
	} {
		resp, err := s.Client.Post(s.URL+"/x", "text/plain", tt.body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.EqualValues(t, 100, resp.ContentLength)
		assert.Equal(t, tt.size, l.Wait(t, i+1)[i].Values["http.request.body.size"])
	}
}
