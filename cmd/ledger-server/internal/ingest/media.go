package ingest

import (
	"mime"
	"net/http"
	"strings"
)

// A media is the encoding of a request and of its answer.
type media string

const (
	protobuf media = "application/x-protobuf"
	jsonText media = "application/json"
)

// mediaOf returns the encoding that the request's Content-Type names.
func mediaOf(r *http.Request) (media, bool) {
	name, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", false
	}
	switch m := media(name); m {
	case protobuf, jsonText:
		return m, true
	}
	return "", false
}

// gzipped reports whether the body is compressed, or that it is so in a way
// that this server does not know.
func gzipped(r *http.Request) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))) {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip":
		return true, nil
	}
	return false, unsupported("content encoding is not gzip")
}
