package ledgerlogrus_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"

	ledgerlogrus "github.com/ledger-sdk/ledger-go/bridge/logrus"
	"github.com/ledger-sdk/ledger-go/ledger"
)

// Lines go where they went before, and to the log server.
func ExampleNewHook() {
	dir, err := os.MkdirTemp("", "ledger-example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// No server is there. That is no error: records wait.
	client, err := ledger.Open(ledger.Config{Dir: dir, Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	log := logrus.New()
	log.SetOutput(os.Stdout)
	log.SetFormatter(&logrus.TextFormatter{DisableTimestamp: true, DisableColors: true})
	log.SetReportCaller(false) // true adds the place of the call, by which errors are grouped
	log.AddHook(ledgerlogrus.NewHook(client))

	ctx := context.Background() // of the request: its trace and scope go with the record
	log.WithContext(ctx).WithField("order", 42).Info("order paid")
	log.WithError(errors.New("card expired")).Error("order not paid")
	fmt.Println("accepted", client.Stats().Accepted)
	// Output:
	// level=info msg="order paid" order=42
	// level=error msg="order not paid" error="card expired"
	// accepted 2
}
