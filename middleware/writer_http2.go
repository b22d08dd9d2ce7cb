package middleware

import (
	"net/http"
	"time"
)

// response2 is a response as the writer of an HTTP/2 exchange.
type response2 response

func (w *response2) Header() http.Header         { return w.http2.Header() }
func (w *response2) Unwrap() http.ResponseWriter { return w.http2 }

func (w *response2) WriteHeader(code int) {
	w.http2.WriteHeader(code)
	(*response)(w).send(code)
}

func (w *response2) Write(b []byte) (int, error) {
	n, err := w.http2.Write(b)
	(*response)(w).wroteBytes(b, n)
	return n, err
}

func (w *response2) WriteString(s string) (int, error) {
	n, err := w.http2.WriteString(s)
	(*response)(w).wroteString(s, n)
	return n, err
}

func (w *response2) Flush() {
	w.http2.Flush()
	(*response)(w).flushed()
}

func (w *response2) FlushError() error {
	err := w.http2.FlushError()
	(*response)(w).flushed()
	return err
}

func (w *response2) Push(target string, opts *http.PushOptions) error {
	return w.http2.Push(target, opts)
}

func (w *response2) CloseNotify() <-chan bool           { return w.http2.CloseNotify() }
func (w *response2) SetReadDeadline(t time.Time) error  { return w.http2.SetReadDeadline(t) }
func (w *response2) SetWriteDeadline(t time.Time) error { return w.http2.SetWriteDeadline(t) }
func (w *response2) EnableFullDuplex() error            { return w.http2.EnableFullDuplex() }
