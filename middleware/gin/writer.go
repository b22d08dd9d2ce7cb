package ledgergin

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
)

// writer is the gin.ResponseWriter of the handlers. gin's own, which is embedded,
// knows status and size, and keeps a status back until there is a reason to send it;
// counted is the same with the recorder in between, which takes every status for sent.
// So it gets the status when gin sends it.
type writer struct {
	gin.ResponseWriter
	counted http.ResponseWriter
}

// WriteHeaderNow sends the status, unless it is sent.
func (w *writer) WriteHeaderNow() {
	if !w.Written() {
		w.counted.WriteHeader(w.Status())
		w.ResponseWriter.WriteHeaderNow()
	}
}

// Write sends b, and the status before it.
func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeaderNow()
	return w.counted.Write(b)
}

// WriteString sends s, and the status before it.
func (w *writer) WriteString(s string) (int, error) {
	w.WriteHeaderNow()
	return io.WriteString(w.counted, s)
}

// Flush sends what is buffered, and the status before it.
func (w *writer) Flush() {
	w.WriteHeaderNow()
	if f, ok := w.counted.(http.Flusher); ok {
		f.Flush()
	}
}

// Hijack takes over the connection.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if h, ok := w.counted.(http.Hijacker); ok {
		return h.Hijack()
	}
	return w.ResponseWriter.Hijack()
}

// Unwrap returns the writer underneath, for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.counted }
