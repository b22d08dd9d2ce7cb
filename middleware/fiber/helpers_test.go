package ledgerfiber_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ledger-sdk/ledger-go/internal/harness/web"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp keeps one for the value of its Date header, for good, and its pools
		// look at their clock once more after their end.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// serve serves app until the test ends.
func serve(t *testing.T, app *fiber.App) web.Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	s := web.Server{URL: "http://" + listener.Addr().String(), Client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		s.Client.CloseIdleConnections()
		require.NoError(t, app.Shutdown())
		require.NoError(t, <-done)
	})
	return s
}

func fine(c fiber.Ctx) error { return c.SendString("fine") }
