package server

import (
	"net/http"
	"strconv"
	"sync/atomic"
)

// counts are the numbers of answers by status since the server was made.
type counts [600]atomic.Int64

// around returns next with its answers counted.
func (c *counts) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&countingWriter{ResponseWriter: w, counts: c}, r)
	})
}

func (c *counts) byStatus() map[string]int64 {
	out := map[string]int64{}
	for status := range c {
		if n := c[status].Load(); n > 0 {
			out[strconv.Itoa(status)] = n
		}
	}
	return out
}

// A countingWriter counts the first final status that is written.
type countingWriter struct {
	http.ResponseWriter
	counts *counts
	done   bool
}

func (w *countingWriter) WriteHeader(status int) {
	if !w.done && status >= 200 && status < len(w.counts) {
		w.done = true
		w.counts[status].Add(1)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(b []byte) (int, error) {
	if !w.done {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is underneath.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
