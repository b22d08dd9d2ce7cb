package ledgerecho_test

import (
	"log/slog"
	"testing"

	"github.com/labstack/echo/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet returns an instance that keeps its own log to itself.
func quiet() *echo.Echo {
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler)
	return e
}
