package ingest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/store"
)

// field makes a length-delimited field.
func field(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// record makes a request of one record with these bytes.
func recordOf(value []byte) []byte { return field(1, field(2, field(2, value))) }

// nestedProto makes a body value of lists in lists.
func nestedProto(depth int) []byte {
	var v []byte
	for range depth {
		v = field(5, field(1, v)) // array_value, values
	}
	return recordOf(field(5, v))
}

func nestedJSON(depth int) []byte {
	return []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` +
		strings.Repeat(`{"arrayValue":{"values":[`, depth) + strings.Repeat(`]}}`, depth) + `}]}]}]}`)
}

func TestMalformedBodiesAreRefusedWhole(t *testing.T) { // I3, I5
	good := marshal(t, protobuf, one())
	goodJSON := marshal(t, jsonText, one())
	zipped := zip(t, good)
	damaged := bytes.Clone(zipped)
	damaged[len(damaged)-6] ^= 0xff // of the checksum
	gz := []string{"Content-Encoding", "gzip"}
	for _, row := range []struct {
		name    string
		m       media
		body    []byte
		headers []string
		want    string
	}{
		{"not gzip", protobuf, good, gz, "damaged"},
		{"gzip cut off", protobuf, zipped[:len(zipped)-9], gz, "damaged"},
		{"gzip with a wrong checksum", protobuf, damaged, gz, "damaged"},
		{"gzip of nothing", protobuf, nil, gz, "damaged"},
		{"gzip without saying so", protobuf, zipped, nil, "protobuf"},
		{"protobuf cut off", protobuf, good[:len(good)-3], nil, "protobuf"},
		{"protobuf of another type", protobuf, []byte("\x08\x96\x01\x0b"), nil, "protobuf"},
		{"protobuf, a field of the wrong type", protobuf, recordOf([]byte("\x0a\x01x")), nil, "wrong type"},
		{"protobuf, a trace ID of 3 bytes", protobuf, recordOf(field(9, []byte("abc"))), nil, "hexadecimal"},
		{"protobuf, text that is not UTF-8", protobuf, recordOf(field(5, field(1, []byte("\xff")))), nil, "UTF-8"},
		{"protobuf, a key that is not UTF-8", protobuf, recordOf(field(6, field(1, []byte("\xff")))), nil, "UTF-8"},
		{"protobuf, nested deeply", protobuf, nestedProto(60), nil, "deep"},
		{"protobuf, nested very deeply", protobuf, nestedProto(3_000), nil, "deep"},
		{"protobuf, 1001 records", protobuf, marshal(t, protobuf, many(1001)), nil, "1001 records"},
		{"JSON, nothing", jsonText, nil, nil, "not JSON"},
		{"JSON, a list", jsonText, []byte(`[]`), nil, "wrong type"},
		{"JSON, a text", jsonText, []byte(`"x"`), nil, "wrong type"},
		{"JSON, cut off", jsonText, goodJSON[:len(goodJSON)-1], nil, "not JSON"},
		{"JSON, more behind it", jsonText, append(bytes.Clone(goodJSON), " x"...), nil, "not JSON"},
		{"JSON, a bare NaN", jsonText, []byte(`{"x":NaN}`), nil, "not JSON"},
		{"JSON, an empty name", jsonText, []byte(`{"" : 1,"resourceLogs":[]}`), nil, "empty name"},
		{"JSON, bytes that are not UTF-8", jsonText, []byte("{\"x\":\"\xff\"}"), nil, "UTF-8"},
		{
			"JSON, a trace ID that is not hexadecimal", jsonText,
			[]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"W47/95gDgQPSabYzgT/GDA=="}]}]}]}`), nil, "hexadecimal",
		},
		{"JSON, a list that should be an object", jsonText, []byte(`{"resourceLogs":[[]]}`), nil, "wrong type"},
		{"JSON, nested deeply", jsonText, nestedJSON(100), nil, "deep"},
		{"JSON, nested very deeply", jsonText, nestedJSON(3_000), nil, "deep"},
		{"JSON, 1001 records", jsonText, marshal(t, jsonText, many(1001)), nil, "1001 records"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h, st := newTest(Config{})
			resp := post(h, row.m, bytes.NewReader(row.body), row.headers...)
			assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
			assert.Equal(t, string(row.m), resp.Header.Get("Content-Type"), "the answer has the request's encoding")
			code, message := statusOf(t, resp)
			assert.Equal(t, 3, code)
			assert.Contains(t, message, row.want)
			assert.Zero(t, st.calls)
			assert.Empty(t, h.slots, "the slot is free again")
		})
	}
}

func TestValuesNestedWithinReasonAreTaken(t *testing.T) {
	for m, body := range map[media][]byte{protobuf: nestedProto(40), jsonText: nestedJSON(40)} {
		h, st := newTest(Config{})
		assert.Equal(t, http.StatusOK, post(h, m, bytes.NewReader(body)).StatusCode, m)
		assert.Len(t, st.records, 1)
	}
}

func TestRequestsThatAreNotOTLP(t *testing.T) {
	for _, row := range []struct {
		name, method, contentType, encoding string
		status, code                        int
		header, value                       string
	}{
		{"GET", "GET", "application/json", "", 405, 12, "Allow", "POST"},
		{"PUT", "PUT", "application/x-protobuf", "", 405, 12, "Allow", "POST"},
		{"no content type", "POST", "", "", 415, 3, "Accept-Encoding", "gzip"},
		{"text", "POST", "text/plain", "", 415, 3, "", ""},
		{"a form", "POST", "application/x-www-form-urlencoded", "", 415, 3, "", ""},
		{"nonsense", "POST", ";;", "", 415, 3, "", ""},
		{"zstd", "POST", "application/x-protobuf", "zstd", 415, 3, "Accept-Encoding", "gzip"},
		{"two encodings", "POST", "application/json", "gzip, gzip", 415, 3, "Accept-Encoding", "gzip"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h, st := newTest(Config{})
			r := httptest.NewRequest(row.method, "/v1/logs", strings.NewReader("{}"))
			r.Header.Set("Content-Type", row.contentType)
			r.Header.Set("Content-Encoding", row.encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			resp := w.Result()
			assert.Equal(t, row.status, resp.StatusCode)
			if row.header != "" {
				assert.Equal(t, row.value, resp.Header.Get(row.header))
			}
			code, _ := statusOf(t, resp)
			assert.Equal(t, row.code, code)
			assert.Zero(t, st.calls)
		})
	}
}

func TestStoreFailuresAskTheSenderToComeBack(t *testing.T) { // I1
	for _, row := range []struct {
		name  string
		err   error
		retry string
	}{
		{"queue full", store.ErrBusy, "1"},
		{"closing", store.ErrClosed, "5"},
		{"disk full", io.ErrShortWrite, "5"},
	} {
		for _, m := range []media{protobuf, jsonText} {
			t.Run(row.name+" "+string(m), func(t *testing.T) {
				h, _ := newTest(Config{Store: &memory{err: row.err}})
				resp := postLogs(t, h, m, one())
				assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
				assert.Equal(t, row.retry, resp.Header.Get("Retry-After"))
				code, message := statusOf(t, resp)
				assert.Equal(t, 14, code)
				assert.NotContains(t, message, row.err.Error(), "the inside is not shown")
			})
		}
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestSlowBodyTimesOut(t *testing.T) {
	h, st := newTest(Config{})
	for _, headers := range [][]string{nil, {"Content-Encoding", "gzip"}} {
		resp := post(h, protobuf, failingReader{os.ErrDeadlineExceeded}, headers...)
		assert.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
		code, _ := statusOf(t, resp)
		assert.Equal(t, 4, code)
	}
	assert.Zero(t, st.calls)
}

func TestEveryRefusalHasACode(t *testing.T) {
	for status, want := range map[int]int{400: 3, 401: 16, 403: 7, 405: 12, 408: 4, 413: 8, 415: 3, 429: 8, 500: 13, 503: 14} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/v1/logs", nil)
		r.Header.Set("Content-Type", string(protobuf))
		WriteError(w, r, status, "why")
		code, message := statusOf(t, w.Result())
		require.Equal(t, want, code)
		require.Equal(t, "why", message)
	}
}
