// Command zerolog logs with zerolog and with the standard log package, to the terminal
// and to Ledger, which reads their lines.
//
//	go run ./zerolog
package main

import (
	"context"
	"errors"
	stdlog "log" //nolint:depguard // What is shown here is how its lines are read.
	"os"

	"github.com/rs/zerolog"

	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func main() {
	setup.Run("zerolog", func(_ context.Context, client *ledger.Client) error {
		log := zerolog.New(zerolog.MultiLevelWriter(os.Stderr, client.Writer(nil))).With().Timestamp().Caller().Logger()
		log.Info().Int("order", 7).Str("item", "tea").Msg("order placed")
		log.Error().Int("order", 7).Err(errors.New("card declined")).Msg("payment failed")

		stdlog.New(client.Writer(nil), "", 0).Print("a plain line") //nolint:forbidigo // The same.
		return nil
	})
}
