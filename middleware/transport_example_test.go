package middleware_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/ledger-sdk/ledger-go/middleware"
)

func ExampleTransport() {
	client, clean := open()
	defer clean()
	prices := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "traceparent:", r.Header.Get("Traceparent"))
	}))
	defer prices.Close()

	outgoing := &http.Client{Transport: middleware.Transport(client, nil)}
	defer outgoing.CloseIdleConnections()

	resp, err := outgoing.Get(prices.URL + "/v1/prices?api_key=secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close() // here the record is made, without the key
	fmt.Println(resp.StatusCode, "recorded:", client.Stats().Accepted)
	// Output: 200 recorded: 1
}

// A lookup that finds nothing is no reason for a warning.
func ExampleWithTransportLevel() {
	client, clean := open()
	defer clean()

	rule := middleware.WithTransportLevel(func(_ *http.Request, resp *http.Response, err error) slog.Level {
		switch {
		case err != nil:
			return slog.LevelError
		case resp != nil && resp.StatusCode >= 400 && resp.StatusCode != http.StatusNotFound:
			return slog.LevelWarn
		}
		return slog.LevelInfo
	})
	outgoing := &http.Client{Transport: middleware.Transport(client, nil, rule)}
	outgoing.CloseIdleConnections()
	// Output:
}
