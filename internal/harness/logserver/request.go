package logserver

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// Plain returns the body of a request as it was before its compression. An error says
// that it is not compressed as its header has it.
func Plain(r *http.Request) (io.Reader, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return r.Body, nil
	}
	return gzip.NewReader(r.Body)
}

// Body reads the body of a request, as it was before its compression.
func Body(r *http.Request) ([]byte, error) {
	plain, err := Plain(r)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

// Decode reads a request.
func Decode(r *http.Request) (otlp.Request, error) {
	raw, err := Body(r)
	if err != nil {
		return otlp.Request{}, err
	}
	return otlp.DecodeRequest(raw)
}

// Records returns all records of a request, in order.
func Records(request otlp.Request) []otlp.DecodedRecord {
	var all []otlp.DecodedRecord
	for _, resource := range request.Resources {
		for _, scope := range resource.Scopes {
			all = append(all, scope.Records...)
		}
	}
	return all
}

// Values returns attributes by their keys; the last of equal keys.
func Values(attrs []slog.Attr) map[string]any {
	values := make(map[string]any, len(attrs))
	for _, a := range attrs {
		values[a.Key] = a.Value.Any()
	}
	return values
}

// Split calls f with the bytes of every record of a plain request, in their stored form,
// and with those of its resource. Decoding first would hide what changed in them.
func Split(raw []byte, f func(resource, record []byte) error) error {
	return fields(raw, 1, func(logs []byte) error {
		var resource []byte
		if err := fields(logs, 1, func(b []byte) error { resource = b; return nil }); err != nil {
			return err
		}
		return fields(logs, 2, func(scope []byte) error {
			return fields(scope, 2, func(b []byte) error {
				return f(resource, protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), b))
			})
		})
	})
}

// fields calls f with the bytes of every field of that number.
func fields(b []byte, number protowire.Number, f func([]byte) error) error {
	for len(b) > 0 {
		got, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(got, typ, b[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		if got == number && typ == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(b[n:])
			if err := f(v); err != nil {
				return err
			}
		}
		b = b[n+size:]
	}
	return nil
}
