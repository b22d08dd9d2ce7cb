package ledgergin_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/internal/harness/recorded"
	"github.com/ledger-sdk/ledger-go/internal/harness/web"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgergin "github.com/ledger-sdk/ledger-go/middleware/gin"
)

var errBroken = errors.New("broken")

func breakDown(c *gin.Context) { panic(errBroken) }

func TestAPanicWithRecoveryOnEitherSide(t *testing.T) {
	for name, tt := range map[string]struct {
		use func(*recorded.Log) []gin.HandlerFunc
		typ ledger.Type
	}{
		"outside": {func(l *recorded.Log) []gin.HandlerFunc {
			return []gin.HandlerFunc{gin.Recovery(), ledgergin.New(l.Client)}
		}, ledger.TypeException},
		"inside": {func(l *recorded.Log) []gin.HandlerFunc {
			return []gin.HandlerFunc{ledgergin.New(l.Client), gin.Recovery()}
		}, ledger.TypeEndpoint},
	} {
		t.Run(name, func(t *testing.T) {
			web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
				l := recorded.Open(t)
				engine := gin.New()
				engine.Use(tt.use(l)...)
				engine.GET("/orders/:id", breakDown)
				status, _ := serve(engine).Get(t, "/orders/7")
				assert.Equal(t, 500, status, "what the client gets is Recovery's")
				r := l.One(t)
				assert.Equal(t, "GET /orders/:id 500", r.Message)
				assert.Equal(t, slog.LevelError, r.Level)
				assert.Equal(t, tt.typ, r.Type)
				if tt.typ == ledger.TypeException {
					assert.ErrorIs(t, r.Err, errBroken)
					assert.Contains(t, string(r.Stack), "gin_test.breakDown")
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
			engine := gin.New()
			engine.Use(func(c *gin.Context) {
				before := c.Writer
				defer func() {
					got = recover()
					assert.Same(t, before, c.Writer, "the writer is the one from before")
				}()
				c.Next()
			}, ledgergin.New(l.Client))
			engine.GET("/x", func(*gin.Context) { panic(value) })
			web.Serve(t, engine, false).Get(t, "/x")
			assert.Equal(t, value, got)
			r := l.One(t)
			aborted := value == any(http.ErrAbortHandler)
			assert.Equal(t, aborted, r.Values["error.type"] == "aborted")
			assert.Equal(t, aborted, r.Level == slog.LevelInfo)
		})
	}
}

func TestErrorsBeforeAPanicAreKept(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Use(gin.Recovery(), ledgergin.New(l.Client))
	engine.GET("/x", func(c *gin.Context) {
		_ = c.Error(errors.New("before"))
		panic(errBroken)
	})
	web.Serve(t, engine, false).Get(t, "/x")
	assert.ErrorIs(t, l.One(t).Err, errBroken, "the panic is the reason")
}

func TestAStreamReachesItsClientWhileItRuns(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		next := make(chan struct{})
		engine := gin.New()
		engine.Use(ledgergin.New(l.Client))
		engine.GET("/events", func(c *gin.Context) {
			c.Stream(func(io.Writer) bool {
				c.SSEvent("tick", "1")
				c.Writer.Flush()
				_, more := <-next
				return more
			})
		})
		serve(engine).Stream(t, l, "/events", "event:tick\n", next)
	})
}

func TestAClientThatLeavesIsRecorded(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		ctx, cancel := context.WithCancel(t.Context())
		engine := gin.New()
		engine.Use(ledgergin.New(l.Client))
		engine.GET("/slow", func(c *gin.Context) {
			cancel()
			<-c.Request.Context().Done()
		})
		serve(engine).Leave(ctx, t, l, "/slow")
	})
}

func TestAConnectionThatIsTakenOverIsRecorded(t *testing.T) {
	l := recorded.Open(t)
	engine := gin.New()
	engine.Use(ledgergin.New(l.Client))
	engine.GET("/ws", func(c *gin.Context) {
		conn, rw, err := c.Writer.Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
	})
	web.Serve(t, engine, false).TakeOver(t, l, "/ws")
}

func TestTheWriterOfAHandlerIsGins(t *testing.T) {
	web.OnBoth(t, func(t *testing.T, serve func(http.Handler) web.Server) {
		l := recorded.Open(t)
		engine := gin.New()
		engine.Use(ledgergin.New(l.Client))
		engine.GET("/x", func(c *gin.Context) {
			w := c.Writer
			assert.False(t, w.Written())
			assert.Equal(t, -1, w.Size())
			assert.Equal(t, 200, w.Status())
			assert.Equal(t, c.Request.ProtoMajor == 2, w.Pusher() != nil)
			assert.NotNil(t, w.CloseNotify())
			rc := http.NewResponseController(w)
			assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(time.Minute)))
			w.WriteHeader(http.StatusAccepted)
			assert.False(t, w.Written(), "a status is not sent by itself")
			_, err := w.WriteString("abc")
			assert.NoError(t, err)
			assert.True(t, w.Written())
			_, err = io.Copy(w, strings.NewReader("de")) // by Write
			assert.NoError(t, err)
			assert.NoError(t, rc.Flush())
			assert.Equal(t, 5, w.Size())
			assert.Equal(t, 202, w.Status())
		})
		status, body := serve(engine).Get(t, "/x")
		assert.Equal(t, 202, status)
		assert.Equal(t, "abcde", body)
		assert.EqualValues(t, 5, l.One(t).Values["http.response.body.size"])
	})
}
