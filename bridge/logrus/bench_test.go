package ledgerlogrus

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// BenchmarkHook is what the hook adds to a log call, with a client that encodes and
// stores, and with one that does nothing.
func BenchmarkHook(b *testing.B) {
	client, err := ledger.Open(ledger.Config{Dir: filepath.Join(b.TempDir(), "ledger"), Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	entry := &logrus.Entry{Level: logrus.InfoLevel, Message: "order paid", Time: time.Now(), Data: logrus.Fields{
		"service": "shop", "shard": 7, "user": "u-17", "order": 42, "took": time.Second, "new": true,
	}}
	failed := &logrus.Entry{Level: logrus.ErrorLevel, Message: "order not paid", Time: time.Now(), Data: logrus.Fields{
		"service": "shop", "order": 42, "error": errors.New("card expired"),
	}}
	for name, hook := range map[string]logrus.Hook{"ledger": NewHook(client), "bridge": newHook(nothing{}, nil)} {
		for kind, e := range map[string]*logrus.Entry{"typical": entry, "error": failed} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = hook.Fire(e)
				}
			})
		}
	}
}

type nothing struct{}

func (nothing) Log(context.Context, ledger.Record) error { return nil }
func (nothing) Sync(context.Context) error               { return nil }
