package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// sequenceLength is how many numbers a process logs, a hundred every sequencePace.
const (
	sequenceLength = 2000
	sequencePace   = 50 * time.Millisecond
)

// runSequence is a process that logs numbers, from the first on. After every hundred
// it syncs and tells the last that is safe. In the end it delivers everything.
func runSequence(dir, endpoint, from string) error {
	first, err := strconv.Atoi(from)
	if err != nil {
		return err
	}
	client, err := ledger.Open(directConfig(dir, endpoint))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pace := time.NewTicker(sequencePace)
	defer pace.Stop()
	for n := first; n < first+sequenceLength; n++ {
		if err := logNumber(ctx, client, n); err != nil {
			return err
		}
		if n%100 == 99 {
			if err := client.Sync(ctx); err != nil {
				return err
			}
			fmt.Println("synced", n)
			<-pace.C
		}
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	fmt.Println("delivered")
	return client.Shutdown(ctx)
}

// directConfig is for a client in a test: one request in flight, small batches, and
// retries that fit into a test.
func directConfig(dir, endpoint string) ledger.Config {
	return ledger.Config{
		Dir: dir, Endpoint: endpoint, ServiceName: "e2e", ServiceVersion: "1",
		MaxInFlight: 1, FlushSize: 100, FlushInterval: 50 * time.Millisecond,
		Retry:     sender.Retry{Initial: 100 * time.Millisecond, Max: 500 * time.Millisecond},
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
}

func logNumber(ctx context.Context, c *ledger.Client, n int) error {
	return c.Log(ctx, ledger.Record{Message: "number " + strconv.Itoa(n), Attrs: []slog.Attr{slog.Int("n", n)}})
}

// number returns the number of a record.
func number(r received) int { return int(r.Attrs["n"].(float64)) }
