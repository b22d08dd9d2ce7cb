package ingest

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/protobuf/encoding/protowire"
)

// WriteError answers a request to an OTLP route with a google.rpc.Status, in
// the encoding of the request or, if it has none that is known, in JSON.
func WriteError(w http.ResponseWriter, r *http.Request, status int, message string) {
	m, ok := mediaOf(r)
	if !ok {
		m = jsonText
	}
	write(w, m, status, encodeStatus(m, rpcCode(status), message))
}

// writeProblem answers a request that was refused as a whole.
func writeProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.status == http.StatusUnsupportedMediaType {
		w.Header().Set("Accept-Encoding", "gzip")
	}
	WriteError(w, r, p.status, p.message)
}

// writeSuccess answers a request whose records are stored, all but those that
// were rejected (I2).
func writeSuccess(w http.ResponseWriter, m media, b *batch) {
	write(w, m, http.StatusOK, encodeResponse(m, b))
}

func write(w http.ResponseWriter, m media, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", string(m))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whom could a failure be told
}

// encodeResponse returns an ExportLogsServiceResponse. Full success is the
// empty message: a partial_success that is there says that there is something
// to say.
func encodeResponse(m media, b *batch) []byte {
	if b.rejected == 0 {
		if m == jsonText {
			return []byte(`{}`)
		}
		return nil
	}
	resp := plogotlp.NewExportResponse()
	resp.PartialSuccess().SetRejectedLogRecords(int64(b.rejected))
	resp.PartialSuccess().SetErrorMessage(b.message())
	var body []byte
	if m == jsonText {
		body, _ = resp.MarshalJSON() // a number and a text, cannot fail
	} else {
		body, _ = resp.MarshalProto()
	}
	return body
}

// encodeStatus returns a google.rpc.Status: code is field 1, message field 2.
func encodeStatus(m media, code int, message string) []byte {
	if m == jsonText {
		body, _ := json.Marshal(struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		}{code, message}) // cannot fail
		return body
	}
	body := protowire.AppendTag(nil, 1, protowire.VarintType)
	body = protowire.AppendVarint(body, uint64(code))
	body = protowire.AppendTag(body, 2, protowire.BytesType)
	return protowire.AppendString(body, message)
}

// rpcCode returns the google.rpc.Code that goes with an HTTP status.
func rpcCode(status int) int {
	const (
		invalidArgument   = 3
		deadlineExceeded  = 4
		permissionDenied  = 7
		resourceExhausted = 8
		unimplemented     = 12
		internal          = 13
		unavailable       = 14
		unauthenticated   = 16
	)
	switch status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return invalidArgument
	case http.StatusUnauthorized:
		return unauthenticated
	case http.StatusForbidden:
		return permissionDenied
	case http.StatusMethodNotAllowed:
		return unimplemented
	case http.StatusRequestTimeout:
		return deadlineExceeded
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return resourceExhausted
	case http.StatusServiceUnavailable:
		return unavailable
	}
	return internal
}
