package ledgerzap

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// BenchmarkCore is the cost of a log call to its caller, with a client that encodes
// and stores, beside zap's own JSON to nowhere.
func BenchmarkCore(b *testing.B) {
	client, err := ledger.Open(ledger.Config{Dir: filepath.Join(b.TempDir(), "ledger"), Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	json := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zapcore.InfoLevel)
	failed := errors.New("card expired")
	for name, core := range map[string]zapcore.Core{"ledger": New(client), "bridge": newCore(nothing{}, nil), "json": json} {
		log := zap.New(core, zap.AddCaller()).With(zap.String("service", "shop"), zap.Int("shard", 7)).Named("cart")
		b.Run(name+"/typical", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				log.Info("order paid", zap.String("user", "u-17"), zap.Int("order", 42), zap.Duration("took", time.Second), zap.Bool("new", true))
			}
		})
		b.Run(name+"/error", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				log.Error("order not paid", zap.Int("order", 42), zap.Error(failed))
			}
		})
	}
}

// nothing is a client that does nothing: what is left is the core.
type nothing struct{}

func (nothing) Log(context.Context, ledger.Record) error { return nil }
func (nothing) Sync(context.Context) error               { return nil }
