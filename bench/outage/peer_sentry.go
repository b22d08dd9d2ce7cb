package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/getsentry/sentry-go"
)

func sentryPeer() peer {
	return peer{
		name:    "sentry-go logs",
		modules: []string{"github.com/getsentry/sentry-go"},
		note:    "1,000 records wait in memory, and a request has one attempt",
		wire:    wire{contentType: "application/json", answer: `{}`, messages: sentryMessages},
		open: func(j job) (logger, error) {
			// The DSN is the address, with a key and a project.
			client, err := sentry.NewClient(sentry.ClientOptions{
				Dsn: strings.Replace(j.Endpoint, "://", "://key@", 1) + "/1",
			})
			if err != nil {
				return logger{}, err
			}
			ctx := sentry.SetHubOnContext(context.Background(), sentry.NewHub(client, sentry.NewScope()))
			log := sentry.NewLogger(ctx)
			return logger{
				log: func(message string) error {
					entry := log.Info()
					for _, a := range attrs() {
						entry = entry.String(a.Key, a.Value.String())
					}
					entry.Emit(message)
					return nil
				},
				shutdown: func(ctx context.Context) error {
					if !client.FlushWithContext(ctx) {
						return errors.New("not everything was flushed")
					}
					return nil
				},
			}, nil
		},
	}
}

// sentryMessages reads an envelope: a line of header, then items, each of which is a
// line of header and a payload of the length that the header tells.
func sentryMessages(body []byte) ([]string, error) {
	_, rest, _ := bytes.Cut(body, []byte{'\n'})
	var all []string
	for len(bytes.TrimSpace(rest)) > 0 {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		var header struct {
			Type   string `json:"type"`
			Length *int   `json:"length"`
		}
		if err := json.Unmarshal(line, &header); err != nil {
			return nil, fmt.Errorf("item header: %w", err)
		}
		payload, next, _ := bytes.Cut(after, []byte{'\n'}) // without a length it is a line
		if header.Length != nil {
			if *header.Length > len(after) {
				return nil, errors.New("item is longer than the envelope")
			}
			payload, next = after[:*header.Length], bytes.TrimPrefix(after[*header.Length:], []byte{'\n'})
		}
		rest = next
		if header.Type != "log" { // client reports, for example
			continue
		}
		var logs struct {
			Items []struct {
				Body string `json:"body"`
			} `json:"items"`
		}
		if err := json.Unmarshal(payload, &logs); err != nil {
			return nil, fmt.Errorf("log item: %w", err)
		}
		for _, item := range logs.Items {
			all = append(all, item.Body)
		}
	}
	return all, nil
}
