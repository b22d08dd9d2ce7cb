package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"time"

	adapter "github.com/axiomhq/axiom-go/adapters/slog"
	"github.com/axiomhq/axiom-go/axiom"
)

func axiomPeer() peer {
	return peer{
		name:    "axiom-go slog handler",
		modules: []string{"github.com/axiomhq/axiom-go"},
		note:    "10,000 records wait in memory, then the caller does",
		wire:    wire{contentType: "application/json", answer: `{"ingested":1,"failed":0}`, messages: axiomMessages},
		open: func(j job) (logger, error) {
			handler, err := adapter.New(adapter.SetDataset("outage"), adapter.SetClientOptions(
				axiom.SetURL(j.Endpoint), axiom.SetToken("xaat-00000000-0000-0000-0000-000000000000"),
			))
			if err != nil {
				return logger{}, err
			}
			ctx, a := context.Background(), attrs()
			return logger{
				log: func(message string) error {
					r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
					r.AddAttrs(a...)
					return handler.Handle(ctx, r)
				},
				shutdown: func(ctx context.Context) error {
					return within(ctx, func() error { handler.Close(); return nil })
				},
			}, nil
		},
	}
}

// axiomMessages reads JSON values one after the other.
func axiomMessages(body []byte) ([]string, error) {
	var all []string
	for d := json.NewDecoder(bytes.NewReader(body)); ; {
		var event struct {
			Message string `json:"msg"`
		}
		if err := d.Decode(&event); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, event.Message)
	}
}
