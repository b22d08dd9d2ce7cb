// Command zap logs with zap, to the terminal and to Ledger.
//
//	go run ./zap
package main

import (
	"context"
	"errors"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	ledgerzap "github.com/ledger-sdk/ledger-go/bridge/zap"
	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func main() {
	setup.Run("zap", func(ctx context.Context, client *ledger.Client) error {
		terminal := zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.Lock(os.Stderr), zap.InfoLevel)
		log := zap.New(zapcore.NewTee(terminal, ledgerzap.New(client)), zap.AddCaller())
		log.Info("order placed", ledgerzap.Context(ctx), zap.Int("order", 7), zap.String("item", "tea"))
		log.Error("payment failed", ledgerzap.Context(ctx), zap.Int("order", 7), zap.Error(errors.New("card declined")))
		return nil
	})
}
