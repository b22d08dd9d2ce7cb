package middleware_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
)

// unsized hides of what length a body is.
func unsized(text string) io.Reader { return struct{ io.Reader }{strings.NewReader(text)} }

// echo answers with the request's body.
func echo(s *scene, w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(w, r.Body)
	s.handler("%d %v", n, err)
}

func requests() []conform {
	return []conform{
		{
			name: "no body", want: []expected{{message: "GET / 200"}, {message: "POST / 200"}},
			serve: func(s *scene, _ http.ResponseWriter, r *http.Request) {
				s.handler("%v %T %d %v", r.Body == http.NoBody, r.Body, r.ContentLength, r.TransferEncoding)
			},
			visit: func(s *scene) {
				s.get("/")
				s.do(s.request(http.MethodPost, "/", http.NoBody))
			},
		},
		{
			name: "bodies", want: []expected{{message: "POST / 200", received: 4, sent: 4}, {message: "PUT / 200", received: 5, sent: 5}},
			serve: echo,
			visit: func(s *scene) {
				s.do(s.request(http.MethodPost, "/", strings.NewReader("four")))
				s.do(s.request(http.MethodPut, "/", unsized("fives")))
			},
		},
		{
			name: "trailers of a request", want: []expected{{message: "POST / 200", received: 4, sent: 4}},
			serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
				s.handler("%v", r.Trailer)
				echo(s, w, r)
				s.handler("%v", r.Trailer)
			},
			visit: func(s *scene) {
				r := s.request(http.MethodPost, "/", unsized("body"))
				r.Trailer = http.Header{"Sum": {"42"}}
				s.do(r)
			},
		},
		{
			name: "a body that is not read", want: []expected{
				{message: "POST / 200", received: 1000}, {message: "POST / 200", received: 0}, {message: "GET / 200"},
			},
			visit: func(s *scene) {
				s.do(s.request(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 1000))))
				s.do(s.request(http.MethodPost, "/", unsized(strings.Repeat("x", 1000))))
				s.get("/") // on the same connection
			},
		},
		{
			name: "100-continue, read", want: []expected{{message: "POST / 200", received: 4, sent: 4}},
			serve: echo, visit: expecting,
		},
		{
			name: "100-continue, refused", want: []expected{{message: "POST / 417", level: slog.LevelWarn, received: 4}},
			serve: func(_ *scene, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusExpectationFailed) },
			visit: expecting, loose: true, // the body may be on its way
		},
		limited(),
		{
			name: "a limit outside", want: []expected{{message: "POST / 413", level: slog.LevelWarn, received: 20, sent: 0}},
			outside: func(_ *scene, h http.Handler) http.Handler { return http.MaxBytesHandler(h, 10) },
			serve:   tooLong,
			visit:   func(s *scene) { s.do(s.request(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 20)))) },
		},
		form(),
		{
			name: "a prefix", want: []expected{{message: "GET /api/v1/orders/7 200", sent: 9}, {message: "GET /other 404", level: slog.LevelWarn, sent: 19}},
			inside: func(_ *scene, h http.Handler) http.Handler { return http.StripPrefix("/api/v1", h) },
			serve:  func(_ *scene, w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) },
			visit: func(s *scene) {
				s.get("/api/v1/orders/7")
				s.get("/other")
			},
		},
		{
			name: "a mux", want: []expected{{message: "GET /orders/{id} 200", sent: 18}, {message: "POST /orders/7 405", level: slog.LevelWarn, sent: 19}},
			inside: func(_ *scene, h http.Handler) http.Handler {
				mux := http.NewServeMux()
				mux.Handle("GET /orders/{id}", h)
				return mux
			},
			outside: func(s *scene, h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h.ServeHTTP(w, r)
					s.handler("outside: %q", r.Pattern)
				})
			},
			serve: func(_ *scene, w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, r.Pattern, " ", r.PathValue("id"))
			},
			visit: func(s *scene) {
				s.get("/orders/7")
				s.do(s.request(http.MethodPost, "/orders/7", nil))
			},
		},
		{
			name: "values of the context", want: []expected{{message: "GET / 200"}},
			serve: func(s *scene, _ http.ResponseWriter, r *http.Request) {
				server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
				s.handler("%v %v %v", ok && server == s.server.Config, r.Context().Value(http.LocalAddrContextKey), r.Context().Err())
			},
		},
	}
}

func expecting(s *scene) {
	r := s.request(http.MethodPost, "/", strings.NewReader("four"))
	r.Header.Set("Expect", "100-continue")
	s.do(r)
}

func tooLong(s *scene, w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	s.handler("%d %v", n, err)
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}
}

// limited sends more than the handler wants to read. This is the one thing of HTTP/1.1
// that a wrapper cannot keep: http.MaxBytesReader makes net/http's own writer close the
// connection, by a method that the writer of no other package can have. net/http then
// goes on to the next request if little is left, and closes by itself if it is much.
// http.MaxBytesHandler outside has all of its effect.
func limited() conform {
	return conform{
		name: "a limit", loose: true,
		want: []expected{{message: "POST / 413", level: slog.LevelWarn, received: 20}, {message: "GET / 200"}},
		serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 10)
			tooLong(s, w, r)
		},
		visit: func(s *scene) {
			s.do(s.request(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 20))))
			s.get("/")
		},
	}
}

// form leaves a file for the server to remove.
func form() conform {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("photo", "a.png")
	if err == nil {
		_, err = part.Write(bytes.Repeat([]byte("x"), 4096))
	}
	size := int64(0)
	if err == nil {
		err = m.Close()
		size = int64(body.Len())
	}
	var name string
	return conform{
		name: "a form with a file", want: []expected{{message: "POST / 200", received: size}},
		serve: func(s *scene, _ http.ResponseWriter, r *http.Request) {
			if err != nil || r.ParseMultipartForm(1) != nil {
				s.Error("no form", err)
				return
			}
			f, err := r.MultipartForm.File["photo"][0].Open()
			if err != nil {
				s.Error(err)
				return
			}
			defer f.Close()
			name = f.(*os.File).Name()
		},
		visit: func(s *scene) {
			r := s.request(http.MethodPost, "/", bytes.NewReader(body.Bytes()))
			r.Header.Set("Content-Type", m.FormDataContentType())
			s.do(r)
			s.client.CloseIdleConnections()
			s.server.Close()
			_, err := os.Stat(name)
			s.visitor("removed: %v", errors.Is(err, fs.ErrNotExist))
		},
	}
}
