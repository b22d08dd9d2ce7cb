package ledger

import (
	"context"
	"testing"
)

// BenchmarkWriter is what it costs to read a line, without admitting its record.
func BenchmarkWriter(b *testing.B) {
	for name, line := range map[string]string{
		"zerolog": `{"level":"info","service":"shop","order":42,"took":12.5,"new":true,"time":"2026-01-02T03:04:05Z","caller":"/srv/shop/cart.go:12","message":"order paid"}` + "\n",
		"zap":     `{"level":"info","ts":1767323045.123456,"logger":"cart","caller":"shop/cart.go:12","msg":"order paid","service":"shop","order":42}` + "\n",
		"plain":   "2026/01/02 03:04:05 order 42 was paid\n",
	} {
		b.Run(name, func(b *testing.B) {
			w := newWriter(discard{}, nil)
			p := []byte(line)
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = w.Write(p)
			}
		})
	}
}

type discard struct{}

func (discard) Log(context.Context, Record) error { return nil }
func (discard) Sync(context.Context) error        { return nil }
