package main

import (
	"context"
	"encoding/json"

	"github.com/posthog/posthog-go"
)

func posthogPeer() peer {
	return peer{
		name:    "posthog-go",
		modules: []string{"github.com/posthog/posthog-go"},
		note:    "1,000 requests of up to 250 records wait in memory for their 10 attempts",
		wire:    wire{contentType: "application/json", answer: `{"status":1}`, messages: posthogMessages},
		open: func(j job) (logger, error) {
			client, err := posthog.NewWithConfig("key", posthog.Config{Endpoint: j.Endpoint})
			if err != nil {
				return logger{}, err
			}
			return logger{
				log: func(message string) error {
					properties := posthog.NewProperties()
					for _, a := range attrs() {
						properties.Set(a.Key, a.Value.String())
					}
					return client.Enqueue(posthog.Capture{DistinctId: "outage", Event: message, Properties: properties})
				},
				shutdown: func(ctx context.Context) error { return within(ctx, client.Close) },
			}, nil
		},
	}
}

func posthogMessages(body []byte) ([]string, error) {
	var request struct {
		Batch []struct {
			Event string `json:"event"`
		} `json:"batch"`
	}
	err := json.Unmarshal(body, &request)
	all := make([]string, 0, len(request.Batch))
	for _, event := range request.Batch {
		all = append(all, event.Event)
	}
	return all, err
}
