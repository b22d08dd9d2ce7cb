// Command logrus logs with logrus, to the terminal and to Ledger.
//
//	go run ./logrus
package main

import (
	"context"
	"errors"

	"github.com/sirupsen/logrus"

	ledgerlogrus "github.com/ledger-sdk/ledger-go/bridge/logrus"
	"github.com/ledger-sdk/ledger-go/examples/adapters/setup"
	"github.com/ledger-sdk/ledger-go/ledger"
)

func main() {
	setup.Run("logrus", func(ctx context.Context, client *ledger.Client) error {
		log := logrus.New()
		log.AddHook(ledgerlogrus.NewHook(client))
		log.WithContext(ctx).WithFields(logrus.Fields{"order": 7, "item": "tea"}).Info("order placed")
		log.WithContext(ctx).WithField("order", 7).WithError(errors.New("card declined")).Error("payment failed")
		return nil
	})
}
