// Command fiber serves with fiber v3, which has a server of its own.
//
//	go run ./fiber
//	curl http://127.0.0.1:8080/orders/7
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerfiber "github.com/ledger-sdk/ledger-go/middleware/fiber"
)

func main() {
	setup.Run("fiber", func(ctx context.Context, client *ledger.Client) error {
		log := slog.New(client.Handler(nil))
		app := fiber.New()
		app.Use(ledgerfiber.New(client))
		app.Get("/orders/:id", func(c fiber.Ctx) error {
			log.InfoContext(c.Context(), "order shown", "order", c.Params("id"))
			return c.SendString("order " + c.Params("id") + "\n")
		})
		return app.Listen(setup.Address, fiber.ListenConfig{GracefulContext: ctx, ShutdownTimeout: 5 * time.Second, DisableStartupMessage: true})
	})
}
