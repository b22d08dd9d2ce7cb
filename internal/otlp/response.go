package otlp

import (
	"fmt"
)

// maxServerText bounds what is kept of a server's message, in code points: it ends
// up in diagnostics and dead letters.
const maxServerText = 2048

// Response is an ExportLogsServiceResponse: how many records the server refused,
// and why. It does not say which. A message without refusals is a warning.
type Response struct {
	Rejected int64 // never negative
	Message  string
}

// ParseResponse decodes the protobuf body of a 2xx answer. An empty body is full
// success. Message is valid UTF-8 and bounded, and untrusted otherwise.
func ParseResponse(b []byte) (Response, error) {
	var resp Response
	var err error
	r := reader{rest: b}
	for err == nil && r.next() {
		if r.tag == tagResponsePartial {
			err = resp.partial(r.bytes)
		}
	}
	if err = firstError(err, r.err); err != nil {
		return Response{}, fmt.Errorf("otlp: parse response: %w", err)
	}
	return resp, nil
}

func (resp *Response) partial(b []byte) error {
	r := reader{rest: b}
	for r.next() {
		switch r.tag {
		case tagPartialRejected:
			resp.Rejected = max(0, int64(r.bits))
		case tagPartialMessage:
			resp.Message = serverText(r.bytes)
		}
	}
	return r.err
}

// Status is a google.rpc.Status, which OTLP servers answer errors with.
type Status struct {
	Code    int32 // a gRPC code, not an HTTP one
	Message string
}

// ParseStatus decodes the protobuf body of an answer that is not 2xx. Message is
// valid UTF-8 and bounded, and untrusted otherwise. Details are not looked at.
func ParseStatus(b []byte) (Status, error) {
	var s Status
	r := reader{rest: b}
	for r.next() {
		switch r.tag {
		case tagStatusCode:
			s.Code = int32(r.bits)
		case tagStatusMessage:
			s.Message = serverText(r.bytes)
		}
	}
	if r.err != nil {
		return Status{}, fmt.Errorf("otlp: parse status: %w", r.err)
	}
	return s, nil
}

func serverText(b []byte) string {
	const enough = maxServerText * 4 // no code point is longer than four bytes
	return Cut(Clean(string(b[:min(len(b), enough)])), maxServerText)
}
