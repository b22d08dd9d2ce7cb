package scrub_test

import (
	"strings"
	"testing"

	"github.com/ledger-sdk/ledger-go/internal/scrub"
)

// The attributes of a typical request, as middleware records them. A number has a key
// and no text.
func typicalRecord() (message string, attrs [][2]string) {
	return "GET /api/v1/orders/{id}/items 200: 12 items, 4.2 KiB in 12ms", [][2]string{
		{"http.request.method", "GET"},
		{"http.route", "/api/v1/orders/{id}/items"},
		{"url.path", "/api/v1/orders/8f14e45f-ceea-467f-a1d6-91f3b2e5a1c0/items"},
		{"url.scheme", "https"},
		{"http.response.status_code", ""},
		{"http.server.request.duration", ""},
		{"ledger.duration_ms", ""},
		{"http.request.body.size", ""},
		{"http.response.body.size", ""},
		{"client.address", "203.0.113.42"},
		{"network.peer.address", "10.12.0.7"},
		{"server.address", "api.example.com"},
		{"network.protocol.version", "1.1"},
		{"user_agent.original", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
		{"request.id", "4bf92f3577b34da6a3ce929d0e0e4736"},
	}
}

// BenchmarkTypicalRecord is everything that a record with nothing to hide costs.
func BenchmarkTypicalRecord(b *testing.B) {
	s := scrub.New(scrub.Config{})
	message, attrs := typicalRecord()
	b.ReportAllocs()
	for b.Loop() {
		found := !s.Clean(message)
		for _, a := range attrs {
			if s.Key(a[0]) || (a[1] != "" && !s.Clean(a[1])) {
				found = true
			}
		}
		if found {
			b.Fatal("nothing is secret here")
		}
	}
}

func BenchmarkKey(b *testing.B) {
	s := scrub.New(scrub.Config{})
	for _, key := range []string{"url.path", "user_agent.original", "http.response.status_code", "order_id", "client_secret"} {
		b.Run(key, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Key(key)
			}
		})
	}
}

func BenchmarkClean(b *testing.B) {
	s := scrub.New(scrub.Config{})
	message, attrs := typicalRecord()
	for name, text := range map[string]string{
		"message": message, "agent": attrs[13][1], "path": attrs[2][1], "id": attrs[14][1], "method": "GET",
		"prose_4KiB": strings.Repeat("the quick brown fox jumps over it; ", 117),
		"JSON_4KiB":  strings.Repeat(`{"id":12,"name":"shoe","tags":["a","b"]},`, 100),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if !s.Clean(text) {
					b.Fatal(s.Text(text))
				}
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	s := scrub.New(scrub.Config{})
	text := `{"user":"bob","password":"hunter2","mail":"bob@example.com","n":12}`
	b.ReportAllocs()
	for b.Loop() {
		s.Text(text)
	}
}
