package exchange

import (
	"context"
	"testing"
	"time"

	"github.com/ledger-sdk/ledger-go/ledger"
)

type discard struct{}

func (discard) Log(context.Context, ledger.Record) error { return nil }

func BenchmarkEnter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = new(State).Enter(b.Context(), "GET", "0af7651916cd43dd")
	}
}

func BenchmarkLog(b *testing.B) {
	b.ReportAllocs()
	var s State
	ctx := s.Enter(b.Context(), "GET", "0af7651916cd43dd")
	f := Facts{
		Method: "GET", Route: "/orders/{id}", Path: "/orders/7", Scheme: "http", Host: "shop.example:8080",
		Peer: "192.0.2.1:4711", Protocol: "1.1", UserAgent: "bench/1", RequestID: "0af7651916cd43dd",
		End: time.Now(), Duration: time.Millisecond, Scope: s.Attrs(),
	}
	for b.Loop() {
		f.Settle()
		f.Log(ctx, discard{})
	}
}
