package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// response1 is a response as the writer of an HTTP/1.1 exchange.
type response1 response

func (w *response1) Header() http.Header         { return w.http1.Header() }
func (w *response1) Unwrap() http.ResponseWriter { return w.http1 }

func (w *response1) WriteHeader(code int) {
	w.http1.WriteHeader(code)
	(*response)(w).send(code)
}

func (w *response1) Write(b []byte) (int, error) {
	n, err := w.http1.Write(b)
	(*response)(w).wroteBytes(b, n)
	return n, err
}

func (w *response1) WriteString(s string) (int, error) {
	n, err := w.http1.WriteString(s)
	(*response)(w).wroteString(s, n)
	return n, err
}

func (w *response1) ReadFrom(src io.Reader) (int64, error) {
	return (*response)(w).readFrom(src, w.http1.ReadFrom, w.Write)
}

func (w *response1) Flush() {
	w.http1.Flush()
	(*response)(w).flushed()
}

func (w *response1) FlushError() error {
	err := w.http1.FlushError()
	(*response)(w).flushed()
	return err
}

func (w *response1) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.http1.Hijack()
	if err == nil {
		(*response)(w).tookOver()
	}
	return conn, rw, err
}

func (w *response1) CloseNotify() <-chan bool           { return w.http1.CloseNotify() }
func (w *response1) SetReadDeadline(t time.Time) error  { return w.http1.SetReadDeadline(t) }
func (w *response1) SetWriteDeadline(t time.Time) error { return w.http1.SetWriteDeadline(t) }
func (w *response1) EnableFullDuplex() error            { return w.http1.EnableFullDuplex() }
