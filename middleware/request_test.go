package middleware

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/ledger"
)

func TestRequestSizeIsDeclaredOrCounted(t *testing.T) {
	readAll := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	readTwo := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadFull(r.Body, make([]byte, 2)) }
	tests := []struct {
		name    string
		body    io.Reader
		handler http.HandlerFunc
		want    int64
	}{
		{"no body", http.NoBody, readAll, 0},
		{"declared", strings.NewReader("12345"), readAll, 5},
		{"declared, not read", strings.NewReader("12345"), nothing, 5},
		{"chunked", struct{ io.Reader }{strings.NewReader("123456")}, readAll, 6},
		{"chunked, two bytes read", struct{ io.Reader }{strings.NewReader("123456")}, readTwo, 2},
	}
	onBoth(t, func(t *testing.T, p protocol) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				c := newCapture()
				s := p.serve(t, wrap(c)(tt.handler))
				if sr, ok := tt.body.(*strings.Reader); ok {
					_, err := sr.Seek(0, io.SeekStart)
					require.NoError(t, err)
				}
				if one, ok := tt.body.(struct{ io.Reader }); ok {
					_, err := one.Reader.(*strings.Reader).Seek(0, io.SeekStart)
					require.NoError(t, err)
				}
				resp, err := s.Client().Post(s.URL, "text/plain", tt.body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				assert.Equal(t, tt.want, c.one(t).attrs["http.request.body.size"])
			})
		}
	})
}

func TestTheBodyStaysTheOneOfTheServer(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		direct(func(_ http.ResponseWriter, r *http.Request) { assert.Equal(t, http.NoBody, r.Body) }, r)
	})
	t.Run("none, of unknown length", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.ContentLength = -1
		direct(func(_ http.ResponseWriter, r *http.Request) { assert.Equal(t, http.NoBody, r.Body) }, r)
	})
	t.Run("of known length", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x"))
		body := r.Body
		direct(func(_ http.ResponseWriter, r *http.Request) { assert.True(t, identical(r.Body, body)) }, r)
	})
	t.Run("nil", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Body, r.ContentLength = nil, -1
		direct(func(_ http.ResponseWriter, r *http.Request) { assert.Nil(t, r.Body) }, r)
	})
	t.Run("outside", func(t *testing.T) {
		body := io.NopCloser(strings.NewReader("x"))
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Body, r.ContentLength = body, -1
		direct(func(_ http.ResponseWriter, r *http.Request) { r.Body = http.NoBody }, r)
		assert.True(t, identical(r.Body, body))
	})
}

func TestWhatTheHandlerLeavesInTheRequestIsSeenOutside(t *testing.T) {
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	part, err := m.CreateFormFile("photo", "a.png")
	require.NoError(t, err)
	_, err = part.Write(bytes.Repeat([]byte("x"), 4096))
	require.NoError(t, err)
	require.NoError(t, m.Close())

	mux := http.NewServeMux()
	mux.HandleFunc("POST /photos", func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseMultipartForm(1)) // everything into temporary files
	})
	r := httptest.NewRequest(http.MethodPost, "/photos?album=7", &form)
	r.Header.Set("Content-Type", m.FormDataContentType())
	direct(mux.ServeHTTP, r)

	assert.Equal(t, "POST /photos", r.Pattern)
	assert.Equal(t, "7", r.Form.Get("album"))
	assert.NotNil(t, r.PostForm)
	require.NotNil(t, r.MultipartForm)
	f, err := r.MultipartForm.File["photo"][0].Open()
	require.NoError(t, err)
	name := f.(*os.File).Name()
	require.NoError(t, f.Close())
	require.NoError(t, r.MultipartForm.RemoveAll(), "what net/http does after the handler")
	assert.NoFileExists(t, name)
}

const (
	validParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	otherParent = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"
)

func TestTraceContextReachesTheHandlerAndTheRecord(t *testing.T) {
	outside, ok := ledger.ParseTraceparent(otherParent)
	require.True(t, ok)
	parsed, ok := ledger.ParseTraceparent(validParent)
	require.True(t, ok)
	tests := []struct {
		name    string
		ctx     context.Context
		headers []string
		want    ledger.TraceContext
		has     bool
	}{
		{"none", t.Context(), nil, ledger.TraceContext{}, false},
		{"header", t.Context(), []string{validParent}, parsed, true},
		{"header that is not one", t.Context(), []string{"00-xyz"}, ledger.TraceContext{}, false},
		{"two headers", t.Context(), []string{validParent, otherParent}, ledger.TraceContext{}, false},
		{"context of a tracing middleware wins", ledger.ContextWithTrace(t.Context(), outside), []string{validParent}, outside, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(tt.ctx)
			for _, h := range tt.headers {
				r.Header.Add("traceparent", h)
			}
			var inHandler ledger.TraceContext
			var has bool
			c := direct(func(_ http.ResponseWriter, r *http.Request) {
				inHandler, has = ledger.TraceFromContext(r.Context())
			}, r)
			assert.Equal(t, tt.has, has)
			assert.Equal(t, tt.want, inHandler)
			inRecord, has := ledger.TraceFromContext(c.one(t).ctx)
			assert.Equal(t, tt.has, has)
			assert.Equal(t, tt.want, inRecord)
		})
	}
}
