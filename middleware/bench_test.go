package middleware

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

type discard struct{}

func (discard) Log(context.Context, ledger.Record) error { return nil }

// stub1 and stub2 have the interfaces of net/http's writers and cost nothing.
type stub1 struct {
	stub
	from int64
}

func (w *stub1) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("stub: hijack")
}

func (w *stub1) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(io.Discard, r)
	w.from += n
	return n, err
}

type stub2 struct {
	stub
	pushed []string
}

func (w *stub2) Push(target string, _ *http.PushOptions) error {
	w.pushed = append(w.pushed, target)
	return nil
}

type stub struct {
	header http.Header
	calls  []string
	trace  bool // keep calls
}

func (w *stub) note(call string) {
	if w.trace {
		w.calls = append(w.calls, call)
	}
}

func (w *stub) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}
func (w *stub) Write(b []byte) (int, error)       { w.note("Write"); return len(b), nil }
func (w *stub) WriteString(s string) (int, error) { w.note("WriteString"); return len(s), nil }
func (w *stub) WriteHeader(int)                   { w.note("WriteHeader") }
func (w *stub) Flush()                            { w.note("Flush") }
func (w *stub) FlushError() error                 { w.note("FlushError"); return errFlush }
func (w *stub) CloseNotify() <-chan bool          { w.note("CloseNotify"); return nil }
func (w *stub) SetReadDeadline(time.Time) error   { w.note("SetReadDeadline"); return nil }
func (w *stub) SetWriteDeadline(time.Time) error  { w.note("SetWriteDeadline"); return nil }
func (w *stub) EnableFullDuplex() error           { w.note("EnableFullDuplex"); return nil }

var errFlush = errors.New("stub: flush")

// BenchmarkMiddleware measures what a request pays: compare with the sub-benchmark
// bare. The log server of "logged" is dead.
func BenchmarkMiddleware(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	run := func(name string, h http.Handler, w http.ResponseWriter, headers ...string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest(http.MethodGet, "/orders/7?page=2", nil)
			r.Header.Set("User-Agent", "bench/1")
			for _, h := range headers {
				r.Header.Set(h, validParent)
			}
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
	client, err := ledger.Open(ledger.Config{Dir: b.TempDir(), Endpoint: "http://127.0.0.1:1", ServiceName: "bench"})
	require.NoError(b, err)
	defer client.Close()

	run("bare", mux, &stub1{})
	run("http1", wrap(discard{})(mux), &stub1{})
	run("http2", wrap(discard{})(mux), &stub2{})
	run("other writer", wrap(discard{})(mux), &stub{})
	run("request id", wrap(discard{})(mux), &stub1{}, "X-Request-Id")
	run("trace", wrap(discard{})(mux), &stub1{}, "Traceparent")
	run("query", wrap(discard{}, WithQuery())(mux), &stub1{})
	run("sampled out", wrap(discard{}, WithSample(1<<40))(mux), &stub1{})
	run("logged", New(client)(mux), &stub1{})
}
