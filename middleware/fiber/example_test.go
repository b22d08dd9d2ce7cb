package ledgerfiber_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/gofiber/fiber/v3"
	recovery "github.com/gofiber/fiber/v3/middleware/recover"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerfiber "github.com/ledger-sdk/ledger-go/middleware/fiber"
)

func Example() {
	// An application names a directory that outlives it, and its log server.
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:4318", ServiceName: "shop"})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	app := fiber.New()
	app.Use(recovery.New(), ledgerfiber.New(client))
	app.Get("/orders/:id", func(c fiber.Ctx) error {
		return c.SendString("order " + c.Params("id"))
	})

	resp, err := app.Test(httptest.NewRequest(http.MethodGet, "/orders/7", nil))
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(body), "- recorded:", client.Stats().Accepted)
	// Output: order 7 - recorded: 1
}
