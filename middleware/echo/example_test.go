package ledgerecho_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgerecho "github.com/ledger-sdk/ledger-go/middleware/echo"
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

	e := echo.New()
	e.Use(middleware.Recover(), ledgerecho.New(client))
	e.GET("/orders/:id", func(c *echo.Context) error {
		return c.String(http.StatusOK, "order "+c.Param("id"))
	})

	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/orders/7", nil))
	fmt.Println(w.Body, "- recorded:", client.Stats().Accepted)
	// Output: order 7 - recorded: 1
}
