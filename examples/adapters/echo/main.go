// Command echo serves with echo v5.
//
//	go run ./echo
//	curl http://127.0.0.1:8080/orders/7
package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerecho "github.com/ledger-sdk/ledger-go/middleware/echo"
)

func main() {
	setup.Run("echo", func(ctx context.Context, client *ledger.Client) error {
		log := slog.New(client.Handler(nil))
		e := echo.New()
		e.Use(ledgerecho.New(client))
		e.GET("/orders/:id", func(c *echo.Context) error {
			log.InfoContext(c.Request().Context(), "order shown", "order", c.Param("id"))
			return c.String(http.StatusOK, "order "+c.Param("id")+"\n")
		})
		return setup.Serve(ctx, e)
	})
}
