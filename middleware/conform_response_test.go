package middleware_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// optional names the optional interfaces that a ResponseWriter has.
func optional(w http.ResponseWriter) string {
	var has []string
	add := func(name string, ok bool) {
		if ok {
			has = append(has, name)
		}
	}
	_, ok := w.(http.Flusher)
	add("Flusher", ok)
	_, ok = w.(interface{ FlushError() error })
	add("FlushError", ok)
	_, ok = w.(http.Hijacker)
	add("Hijacker", ok)
	_, ok = w.(http.Pusher)
	add("Pusher", ok)
	_, ok = w.(io.ReaderFrom)
	add("ReaderFrom", ok)
	_, ok = w.(io.StringWriter)
	add("StringWriter", ok)
	_, ok = w.(http.CloseNotifier) //nolint:staticcheck // Deprecated, and still to be kept.
	add("CloseNotifier", ok)
	_, ok = w.(interface{ SetReadDeadline(time.Time) error })
	add("SetReadDeadline", ok)
	_, ok = w.(interface{ SetWriteDeadline(time.Time) error })
	add("SetWriteDeadline", ok)
	_, ok = w.(interface{ EnableFullDuplex() error })
	add("EnableFullDuplex", ok)
	return strings.Join(has, " ")
}

func responses() []conform {
	return []conform{
		{name: "nothing", want: []expected{{message: "GET / 200"}}},
		{
			name: "interfaces", want: []expected{{message: "GET / 200"}},
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) { s.handler("%s", optional(w)) },
		},
		{
			name: "controller", want: []expected{{message: "GET / 202", sent: 1}},
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				rc := http.NewResponseController(w)
				s.handler("%v %v %v", rc.SetReadDeadline(time.Now().Add(time.Hour)), rc.SetWriteDeadline(time.Now().Add(time.Hour)), rc.EnableFullDuplex())
				w.WriteHeader(http.StatusAccepted)
				s.handler("%v", rc.Flush())
				_, err := io.WriteString(w, "x")
				s.handler("%v", err)
			},
		},
		{
			name: "early hints", want: []expected{{message: "GET / 404", level: slog.LevelWarn, sent: 2}},
			serve: func(_ *scene, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Link", "</a.css>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Add("Link", "</b.js>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, "no")
			},
		},
		{
			name: "HEAD", want: []expected{{message: "HEAD / 200"}},
			visit: func(s *scene) { s.do(s.request(http.MethodHead, "/", nil)) },
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				n, err := io.WriteString(w, "not sent")
				s.handler("%d %v", n, err)
			},
		},
		{
			name: "a second status", want: []expected{{message: "GET / 201"}},
			serve: func(_ *scene, w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusCreated)
				w.WriteHeader(http.StatusInternalServerError)
			},
		},
		{
			name: "a body where none may be", want: []expected{{message: "GET / 204"}},
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNoContent)
				n, err := io.WriteString(w, "x")
				s.handler("%d %v", n, err)
			},
		},
		{
			name: "more than was declared", want: []expected{{message: "GET / 200", sent: 2}},
			want2: []expected{{message: "GET / 200", sent: 4}}, // taken, and then refused
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "2")
				n, err := w.Write([]byte("ab"))
				s.handler("%d %v", n, err)
				n, err = w.Write([]byte("cd"))
				s.handler("%d %v", n, err)
			},
		},
		{
			name: "a long body of unknown length", want: []expected{{message: "GET / 200", sent: 300_000}},
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				n, err := io.Copy(w, struct{ io.Reader }{bytes.NewReader(bytes.Repeat([]byte("abc"), 100_000))})
				s.handler("%d %v", n, err)
			},
		},
		{
			name: "trailers", want: []expected{{message: "GET / 200", sent: 4}},
			serve: func(_ *scene, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Trailer", "Sum")
				_, _ = io.WriteString(w, "body")
				w.Header().Set("Sum", "42")
				w.Header().Set(http.TrailerPrefix+"Late", "43")
			},
		},
		{
			name: "push", on: "http2", want: []expected{{message: "GET / 200"}},
			serve: func(s *scene, w http.ResponseWriter, _ *http.Request) {
				s.handler("%v", w.(http.Pusher).Push("/a.css", nil)) // refused by Go's client
			},
		},
		files(),
	}
}

// copying is a writer that notes from what it is asked to read: a file arrives at
// net/http as a file, or sendfile is lost.
type copying struct {
	http.ResponseWriter
	s *scene
}

func (c copying) Flush() { c.ResponseWriter.(http.Flusher).Flush() }

func (c copying) ReadFrom(src io.Reader) (int64, error) {
	inner := ""
	if limited, ok := src.(*io.LimitedReader); ok {
		inner = fmt.Sprintf(" of %T", limited.R)
	}
	c.s.handler("read from %T%s", src, inner)
	return c.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
}

// files is ServeContent in all its forms.
func files() conform {
	content := strings.Repeat("0123456789", 1_000)
	var path string
	return conform{
		name: "files",
		outside: func(s *scene, h http.Handler) http.Handler {
			path = filepath.Join(s.TempDir(), "a.txt")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				s.Error(err)
			}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, ok := w.(io.ReaderFrom); ok {
					w = copying{w, s}
				}
				h.ServeHTTP(w, r)
			})
		},
		serve: func(s *scene, w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(path)
			if err != nil {
				s.Error(err)
				return
			}
			defer f.Close()
			w.Header().Set("Etag", `"v1"`)
			http.ServeContent(w, r, "a.txt", time.Unix(1_700_000_000, 0), f)
		},
		visit: func(s *scene) {
			s.get("/")
			for _, h := range [][2]string{
				{"Range", "bytes=10-19"},
				{"Range", "bytes=-5"},
				{"Range", "bytes=999999-"},
				{"If-None-Match", `"v1"`},
				{"If-Match", `"v2"`},
				{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"},
			} {
				r := s.request(http.MethodGet, "/", nil)
				r.Header.Set(h[0], h[1])
				s.do(r)
			}
			s.do(s.request(http.MethodHead, "/", nil))
		},
		want: []expected{
			{message: "GET / 200", sent: 10_000},
			{message: "GET / 206", sent: 10},
			{message: "GET / 206", sent: 5},
			{message: "GET / 416", level: slog.LevelWarn, sent: 33},
			{message: "GET / 304"},
			{message: "GET / 412", level: slog.LevelWarn},
			{message: "GET / 304"},
			{message: "HEAD / 200"},
		},
	}
}
