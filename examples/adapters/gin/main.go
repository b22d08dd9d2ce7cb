// Command gin serves with gin.
//
//	go run ./gin
//	curl http://127.0.0.1:8080/orders/7
package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgergin "github.com/ledger-sdk/ledger-go/middleware/gin"
)

func main() {
	setup.Run("gin", func(ctx context.Context, client *ledger.Client) error {
		log := slog.New(client.Handler(nil))
		gin.SetMode(gin.ReleaseMode)
		r := gin.New()
		r.Use(gin.Recovery(), ledgergin.New(client))
		r.GET("/orders/:id", func(c *gin.Context) {
			log.InfoContext(c.Request.Context(), "order shown", "order", c.Param("id"))
			c.String(http.StatusOK, "order %s\n", c.Param("id"))
		})
		return setup.Serve(ctx, r)
	})
}
