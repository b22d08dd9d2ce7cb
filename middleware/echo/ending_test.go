package ledgerecho_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"
	echomw "github.com/labstack/echo/v5/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerecho "github.com/ledger-sdk/ledger-go/middleware/echo"
)

var errBroken = errors.New("broken")

func breakDown(*echo.Context) error { panic(errBroken) }

func TestAPanicWithRecoverOnEitherSide(t *testing.T) {
	for name, tt := range map[string]struct {
		use func(*recorded.Log) []echo.MiddlewareFunc
		typ ledger.Type
	}{
		"outside": {func(l *recorded.Log) []echo.MiddlewareFunc {
			return []echo.MiddlewareFunc{echomw.Recover(), ledgerecho.New(l.Client)}
		}, ledger.TypeException},
		"inside": {func(l *recorded.Log) []echo.MiddlewareFunc {
			return []echo.MiddlewareFunc{ledgerecho.New(l.Client), echomw.Recover()}
		}, ledger.TypeEndpoint},
	} {
		t.Run(name, func(t *testing.T) {
			web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
				l := recorded.Open(t)
				e := quiet()
				e.Use(tt.use(l)...)
				e.GET("/orders/:id", breakDown)
				status, _ := serve(e).Get(t, "/orders/7")
				assert.Equal(t, 500, status, "what the client gets is Recover's")
				r := l.One(t)
				assert.Equal(t, "GET /orders/:id 500", r.Message)
				assert.Equal(t, slog.LevelError, r.Level)
				assert.Equal(t, tt.typ, r.Type)
				assert.Equal(t, errBroken, r.Err, "not the error with a stack in its text")
				if tt.typ == ledger.TypeException {
					assert.Contains(t, string(r.Stack), "echo_test.breakDown")
				}
			})
		})
	}
}

func TestAPanicIsRaisedAgainWithItsValue(t *testing.T) {
	for name, value := range map[string]any{"error": errBroken, "text": "boom", "abort": http.ErrAbortHandler} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			var got any
			e := quiet()
			e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c *echo.Context) error {
					response, err := echo.UnwrapResponse(c.Response())
					require.NoError(t, err)
					before := response.ResponseWriter
					defer func() {
						got = recover()
						assert.Same(t, before, response.ResponseWriter, "the writer is the one from before")
					}()
					return next(c)
				}
			}, ledgerecho.New(l.Client))
			e.GET("/x", func(*echo.Context) error { panic(value) })
			web.Serve(t, e, false).Get(t, "/x")
			assert.Equal(t, value, got)
			r := l.One(t)
			aborted := value == any(http.ErrAbortHandler)
			assert.Equal(t, aborted, r.Values["error.type"] == "aborted")
			assert.Equal(t, aborted, r.Level == slog.LevelInfo)
		})
	}
}

func TestAStreamReachesItsClientWhileItRuns(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		end := make(chan struct{})
		e := quiet()
		e.Use(ledgerecho.New(l.Client))
		e.GET("/events", func(c *echo.Context) error {
			if _, err := io.WriteString(c.Response(), "data: 1\n\n"); err != nil {
				return err
			}
			if err := http.NewResponseController(c.Response()).Flush(); err != nil {
				return err
			}
			<-end
			return nil
		})
		serve(e).Stream(t, l, "/events", "data: 1\n", end)
	})
}

func TestAClientThatLeavesIsRecorded(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		ctx, cancel := context.WithCancel(t.Context())
		e := quiet()
		e.Use(ledgerecho.New(l.Client))
		e.GET("/slow", func(c *echo.Context) error {
			cancel()
			<-c.Request().Context().Done()
			return c.Request().Context().Err()
		})
		serve(e).Leave(ctx, t, l, "/slow")
	})
}

func TestAConnectionThatIsTakenOverIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	e := quiet()
	e.Use(ledgerecho.New(l.Client))
	e.GET("/ws", func(c *echo.Context) error {
		conn, rw, err := http.NewResponseController(c.Response()).Hijack()
		if err != nil {
			return err
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		return rw.Flush()
	})
	web.Serve(t, e, false).TakeOver(t, l, "/ws")
}

func TestTheWriterOfAHandlerIsEchos(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		e := quiet()
		e.Use(ledgerecho.New(l.Client))
		e.GET("/x", func(c *echo.Context) error {
			w, ok := c.Response().(*echo.Response)
			if !assert.True(t, ok, "it is what it would be without") {
				return nil
			}
			_, pushes := w.ResponseWriter.(http.Pusher)
			assert.Equal(t, c.Request().ProtoMajor == 2, pushes)
			assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)))
			before := 0
			w.Before(func() { before++ })
			err := c.String(http.StatusAccepted, "abcde")
			assert.Equal(t, 1, before)
			assert.True(t, w.Committed)
			assert.Equal(t, http.StatusAccepted, w.Status)
			assert.EqualValues(t, 5, w.Size)
			return err
		})
		serve(e).Get(t, "/x")
		assert.EqualValues(t, 5, l.One(t).Values["http.response.body.size"])
	})
}

// hiding is a writer that does not tell what it wraps.
type hiding struct{ http.ResponseWriter }

func TestAWriterThatHidesEchosIsRecordedAsItIs(t *testing.T) {
	l := recorded.Open(t)
	e := quiet()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			c.SetResponse(hiding{c.Response()})
			return next(c)
		}
	}, ledgerecho.New(l.Client))
	e.GET("/x", func(c *echo.Context) error { return c.String(202, "abc") })
	status, body := web.Serve(t, e, false).Get(t, "/x")
	assert.Equal(t, 202, status)
	assert.Equal(t, "abc", body)
	r := l.One(t)
	assert.Equal(t, "GET /x 202", r.Message)
	assert.EqualValues(t, 3, r.Values["http.response.body.size"])
}

func TestACompressorOnEitherSide(t *testing.T) {
	for name, outside := range map[string]bool{"outside": true, "inside": false} {
		t.Run(name, func(t *testing.T) {
			l := recorded.Open(t)
			e := quiet()
			use := []echo.MiddlewareFunc{ledgerecho.New(l.Client), echomw.Gzip()}
			if outside {
				use[0], use[1] = use[1], use[0]
			}
			e.Use(use...)
			e.GET("/x", func(c *echo.Context) error { return c.String(http.StatusTeapot, strings.Repeat("a", 1000)) })
			req := httptest.NewRequest(http.MethodGet, "/x", nil)
			req.Header.Set("Accept-Encoding", "gzip")
			w := httptest.NewRecorder()
			e.ServeHTTP(w, req)
			assert.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
			r := l.One(t)
			assert.Equal(t, "GET /x 418", r.Message)
			if !outside {
				assert.EqualValues(t, w.Body.Len(), r.Values["http.response.body.size"], "what is sent")
			}
		})
	}
}
