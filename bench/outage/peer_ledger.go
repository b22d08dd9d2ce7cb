package main

import (
	"context"
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/ledger"
)

// ledgerPeer is this library with a cap on the records that wait; 0 is the default one.
func ledgerPeer(name string, maxRecords int) peer {
	note := "10,000 records wait on disk, then the oldest go"
	if maxRecords > 0 {
		note = "the same with room for the whole outage"
	}
	return peer{
		name: name, modules: []string{"github.com/ledger-sdk/ledger-go"}, note: note, wire: otlpWire(),
		open: func(j job) (logger, error) {
			c, err := ledger.Open(ledger.Config{
				Dir: filepath.Join(j.Dir, "ledger"), Endpoint: j.Endpoint, MaxRecords: maxRecords,
			})
			if err != nil {
				return logger{}, err
			}
			ctx, a := context.Background(), attrs()
			return logger{
				log:      func(message string) error { return c.Log(ctx, ledger.Record{Message: message, Attrs: a}) },
				shutdown: c.Shutdown,
			}, nil
		},
	}
}
