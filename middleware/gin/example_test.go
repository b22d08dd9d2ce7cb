package ledgergin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/ledger-sdk/ledger-go/ledger"
	ledgergin "github.com/ledger-sdk/ledger-go/middleware/gin"
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

	engine := gin.New()
	engine.Use(gin.Recovery(), ledgergin.New(client))
	engine.GET("/orders/:id", func(c *gin.Context) {
		c.String(http.StatusOK, "order %s", c.Param("id"))
	})

	w := httptest.NewRecorder()
	engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/orders/7", nil))
	fmt.Println(w.Body, "- recorded:", client.Stats().Accepted)
	// Output: order 7 - recorded: 1
}
