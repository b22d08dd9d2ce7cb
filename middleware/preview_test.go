package middleware

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	requestKey  = "http.request.body.content"
	responseKey = "http.response.body.content"
	errorKey    = "ledger.response_body"
)

func TestTheBodyOfAnErrorIsPreviewed(t *testing.T) {
	long := strings.Repeat("x", 5000)
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if contentType != "" {
				w.Header().Set("Content-Type", contentType)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		opts    []Option
		key     string
		want    any
	}{
		{"400", answer(400, "application/json", `{"e":1}`), nil, errorKey, `{"e":1}`},
		{"500 by http.Error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }, nil, errorKey, "no\n"},
		{"200", answer(200, "application/json", `{"e":1}`), nil, errorKey, nil},
		{"399", answer(399, "application/json", `{"e":1}`), nil, errorKey, nil},
		{"4096 bytes", answer(400, "text/plain", long[:4096]), nil, errorKey, long[:4096]},
		{"one more", answer(400, "text/plain", long[:4097]), nil, errorKey, long[:4096] + " ...[truncated]"},
		{"in parts", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			for range 3000 {
				_, _ = w.Write([]byte("ab"))
			}
		}, nil, errorKey, strings.Repeat("ab", 2048) + " ...[truncated]"},
		{"a character in two", answer(400, "text/plain", long[:4095]+"é"), nil, errorKey, long[:4095] + " ...[truncated]"},
		{"not UTF-8", answer(400, "text/plain", "a\xffb"), nil, errorKey, "a\uFFFDb"},
		{"type sniffed", answer(400, "", "<html>no"), nil, errorKey, "<html>no"},
		{"type sniffed, no text", answer(400, "", "\x89PNG\r\n\x1a\n"), nil, errorKey, nil},
		{"no text", answer(400, "image/png", "abc"), nil, errorKey, nil},
		{"compressed", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br") // which the client does not decode
			answer(400, "text/plain", "abc")(w, r)
		}, nil, errorKey, nil},
		{"empty", answer(400, "text/plain", ""), nil, errorKey, nil},
		{"off", answer(400, "text/plain", "abc"), []Option{WithErrorBody(0)}, errorKey, nil},
		{"less", answer(400, "text/plain", "abc"), []Option{WithErrorBody(2)}, errorKey, "ab ...[truncated]"},
		{"of every response", answer(200, "text/plain", "abc"), []Option{WithResponseBody(10)}, responseKey, "abc"},
		{"of every response, and an error", answer(400, "text/plain", "abc"), []Option{WithResponseBody(10)}, responseKey, nil},
		{"and its body", answer(400, "text/plain", "abc"), []Option{WithErrorBody(0), WithResponseBody(10)}, errorKey, "abc"},
		{"read from a reader", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader(long)})
		}, nil, errorKey, long[:4096] + " ...[truncated]"},
		{"read from a short reader", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("short")})
		}, nil, errorKey, "short"},
	}
	onBoth(t, func(t *testing.T, p protocol) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c := newCapture()
				s := p.serve(t, wrap(c, tt.opts...)(tt.handler))
				_, body := get(t, s, "/")
				r := c.one(t)
				assert.Equal(t, tt.want, r.attrs[tt.key])
				assert.Equal(t, int64(len(body)), r.attrs["http.response.body.size"])
			})
		}
	})
	t.Run("nothing is sent with HEAD", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodHead, "/", nil)
		assert.NotContains(t, direct(answer(400, "text/plain", "abc"), r, WithResponseBody(10)).one(t).attrs, errorKey)
	})
}

func TestACopyOfWhichTheBeginningIsShownIsCountedWhole(t *testing.T) {
	for _, size := range []int64{0, 1, 4096, 4097, 4098, 100_000} {
		var copied int64
		w := &stub1{}
		c := newCapture()
		wrap(c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			copied, _ = io.Copy(w, io.LimitReader(zeros{}, size))
		})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, size, copied)
		assert.Equal(t, max(size-4097, 0), w.from, "the rest goes the writer's own way")
		assert.Equal(t, size, c.one(t).attrs["http.response.body.size"])
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestAPreviewIsBounded(t *testing.T) {
	huge := bytes.Repeat([]byte("x"), 1<<20)
	got := direct(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(huge)
	}, httptest.NewRequest(http.MethodGet, "/", nil), WithResponseBody(1<<30)).one(t)
	assert.Len(t, got.attrs[responseKey], 64<<10+len(" ...[truncated]"))
}

func TestTheRequestsBodyIsWhatTheHandlerRead(t *testing.T) {
	readAll := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	readTwo := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadFull(r.Body, make([]byte, 2)) }
	tests := []struct {
		name, contentType, encoding, body string
		handler                           http.HandlerFunc
		want                              any
	}{
		{"all", "application/json", "", `{"a":1}`, readAll, `{"a":1}`},
		{"two bytes", "application/json", "", `{"a":1}`, readTwo, `{"`},
		{"nothing", "application/json", "", `{"a":1}`, nothing, nil},
		{"too long", "text/plain; charset=UTF-8", "", "0123456789a", readAll, "0123456789 ...[truncated]"},
		{"form", "application/x-www-form-urlencoded", "", "a=1&key=2", readAll, "a=1&key=REDACTED"},
		{"no text", "application/octet-stream", "", "abc", readAll, nil},
		{"compressed", "text/plain", "gzip", "abc", readAll, nil},
		{"no type", "", "", "abc", readAll, nil},
		{"other characters", "text/plain; charset=latin1", "", "abc", readAll, nil},
	}
	onBoth(t, func(t *testing.T, p protocol) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c := newCapture()
				s := p.serve(t, wrap(c, WithRequestBody(10))(tt.handler))
				req, err := http.NewRequest(http.MethodPost, s.URL, strings.NewReader(tt.body))
				require.NoError(t, err)
				req.Header.Set("Content-Type", tt.contentType)
				if tt.encoding != "" {
					req.Header.Set("Content-Encoding", tt.encoding)
				}
				resp, err := s.Client().Do(req)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				r := c.one(t)
				assert.Equal(t, tt.want, r.attrs[requestKey])
				assert.Equal(t, int64(len(tt.body)), r.attrs["http.request.body.size"])
			})
		}
	})
}

func TestABodyIsNotShownUnlessAsked(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"a":1}`))
	r.Header.Set("Content-Type", "application/json")
	got := direct(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }, r).one(t)
	assert.NotContains(t, got.attrs, requestKey)
	assert.NotContains(t, got.attrs, responseKey)
	assert.NotContains(t, got.attrs, errorKey)
}
