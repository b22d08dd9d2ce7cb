package middleware

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ledger-sdk/ledger-go/ledger"
)

type discard struct{}

func (discard) Log(context.Context, ledger.Record) error { return nil }

// response1 has the interfaces of net/http's HTTP/1.1 writer that matter for the
// cost of wrapping it.
type response1 struct{ header http.Header }

func (w *response1) Header() http.Header               { return w.header }
func (w *response1) Write(b []byte) (int, error)       { return len(b), nil }
func (w *response1) WriteString(s string) (int, error) { return len(s), nil }
func (w *response1) WriteHeader(int)                   {}
func (w *response1) Flush()                            {}

// BenchmarkMiddleware measures what a request pays apart from Log itself: compare
// with the sub-benchmark bare.
func BenchmarkMiddleware(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	request := func() *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/orders/7?page=2", nil)
		r.Header.Set("User-Agent", "bench/1")
		r.Header.Set("X-Request-Id", "0af7651916cd43dd")
		return r
	}
	run := func(name string, h http.Handler, prepare func(*http.Request)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r, w := request(), &response1{header: http.Header{}}
			prepare(r)
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
	plain := func(*http.Request) {}
	run("bare", mux, plain)
	run("recorded", wrap(discard{})(mux), plain)
	run("recorded with query", wrap(discard{}, WithQuery())(mux), plain)
	run("recorded with trace", wrap(discard{})(mux), func(r *http.Request) { r.Header.Set("traceparent", validParent) })
}
