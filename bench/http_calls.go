package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// wrapper is a middleware of net/http.
type wrapper func(http.Handler) http.Handler

// application is what is served: a route with a parameter, and half a kilobyte.
func application() http.Handler {
	body := bytes.Repeat([]byte("0123456789abcdef"), 32)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		if r.PathValue("id") == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write(body)
	})
	return mux
}

const requestText = "GET /orders/1234567?page=2 HTTP/1.1\r\nHost: shop.example:8080\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: application/json\r\n" +
	"X-Request-Id: 0198f1f0a7e97c4e8e6f2d1c0b9a8765\r\n" +
	"Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n"

// request is requestText as net/http's server hands it to a handler.
func request() *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(requestText)))
	if err != nil {
		panic(err) // It is a constant.
	}
	r.RemoteAddr = "192.0.2.17:50123"
	return r.WithContext(context.WithValue(context.Background(), http.LocalAddrContextKey, &net.TCPAddr{}))
}

// direct is a ResponseWriter with the methods of net/http's for HTTP/1.1, which are what
// decides how a middleware wraps it. It sends nothing.
type direct struct{ header http.Header }

func (d *direct) reset() { d.header = make(http.Header) }

func (d *direct) Header() http.Header         { return d.header }
func (d *direct) WriteHeader(int)             {}
func (d *direct) Write(b []byte) (int, error) { return len(b), nil }

//nolint:unparam // io.StringWriter has the error.
func (d *direct) WriteString(s string) (int, error)   { return len(s), nil }
func (d *direct) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }
func (d *direct) Flush()                              {}
func (d *direct) FlushError() error                   { return nil }
func (d *direct) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.ErrUnsupported
}
func (d *direct) CloseNotify() <-chan bool         { return nil }
func (d *direct) SetReadDeadline(time.Time) error  { return nil }
func (d *direct) SetWriteDeadline(time.Time) error { return nil }
func (d *direct) EnableFullDuplex() error          { return nil }

// callDirectly measures the handler alone.
func callDirectly(wrap wrapper, each time.Duration) ([]int64, error) {
	h, w, r := wrap(application()), new(direct), request()
	return paced(each, func() (int64, error) {
		w.reset()
		start := time.Now()
		h.ServeHTTP(w, r)
		return time.Since(start).Nanoseconds(), nil
	})
}

// callOverLoopback measures from the first byte of a request to the last of its response,
// on one connection that is kept.
func callOverLoopback(wrap wrapper, each time.Duration) (took []int64, err error) {
	server := httptest.NewServer(wrap(application()))
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", server.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	in, text := bufio.NewReader(conn), []byte(requestText)
	return paced(each, func() (int64, error) {
		start := time.Now()
		if _, err := conn.Write(text); err != nil {
			return 0, err
		}
		if err := skipResponse(in); err != nil {
			return 0, err
		}
		return time.Since(start).Nanoseconds(), nil
	})
}

// skipResponse reads a response with a length, as cheaply as that goes.
func skipResponse(in *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("answered %q", line)
		}
		if len(line) == 0 {
			break
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(n)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("answered without a length")
	}
	_, err := in.Discard(length)
	return err
}
