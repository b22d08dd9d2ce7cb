package middleware

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// unwrapper is a writer that http.ResponseController looks through.
type unwrapper interface{ Unwrap() http.ResponseWriter }

// isPlain reports whether w is the usual writer of a small middleware: it has no
// optional interface itself, and shows the one underneath to http.ResponseController.
func isPlain(w http.ResponseWriter) bool {
	switch w.(type) {
	case http.Flusher, http.Hijacker, http.Pusher, io.ReaderFrom, io.StringWriter,
		http.CloseNotifier, //nolint:staticcheck // Deprecated, and still to be kept.
		interface{ FlushError() error },
		interface{ SetReadDeadline(time.Time) error },
		interface{ SetWriteDeadline(time.Time) error },
		interface{ EnableFullDuplex() error }:
		return false
	}
	_, ok := w.(unwrapper)
	return ok
}

// response0 is a response as a writer that has only Unwrap.
type response0 struct {
	http.ResponseWriter
	p *response
}

func (w *response0) WriteHeader(code int) {
	w.ResponseWriter.WriteHeader(code)
	w.p.send(code)
}

func (w *response0) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.p.wroteBytes(b, n)
	return n, err
}

// Unwrap returns the writer underneath, with the notes in between if what is underneath
// that one can be flushed or taken over: nobody asks response0 for it.
func (w *response0) Unwrap() http.ResponseWriter {
	beneath := passage{w}
	for next := w.ResponseWriter; ; {
		if h, ok := next.(http.Hijacker); ok {
			return &hijackPassage{beneath, h}
		}
		switch next.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return &beneath
		}
		u, ok := next.(unwrapper)
		if !ok {
			return w.ResponseWriter
		}
		next = u.Unwrap()
	}
}

// passage is a writer underneath a response0.
type passage struct{ above *response0 }

func (w *passage) Header() http.Header         { return w.above.Header() }
func (w *passage) WriteHeader(code int)        { w.above.WriteHeader(code) }
func (w *passage) Write(b []byte) (int, error) { return w.above.Write(b) }
func (w *passage) Unwrap() http.ResponseWriter { return w.above.ResponseWriter }

// FlushError flushes by whoever can.
func (w *passage) FlushError() error {
	err := http.NewResponseController(w.above.ResponseWriter).Flush()
	if !errors.Is(err, http.ErrNotSupported) {
		w.above.p.flushed()
	}
	return err
}

// Flush is FlushError.
func (w *passage) Flush() { _ = w.FlushError() }

// hijackPassage can be taken over, too.
type hijackPassage struct {
	passage
	http.Hijacker
}

// Hijack takes over the connection.
func (w *hijackPassage) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.Hijacker.Hijack()
	if err == nil {
		w.above.p.tookOver()
	}
	return conn, rw, err
}
