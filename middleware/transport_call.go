package middleware

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// call is one outgoing request, until its record is made.
type call struct {
	*transport
	req   *http.Request // as the caller has it
	start time.Time

	resp     *http.Response // whose body is followed
	body     io.ReadCloser  // that body, as base gave it
	got      atomic.Int64   // bytes of it that were read
	ended    atomic.Bool    // it was read to its end
	finished atomic.Bool    // the record is made
}

// follow makes the record when the body of resp ends. resp is changed in place: net/http
// fills in its trailer when the body ends, and knows no other copy.
func (x *call) follow(resp *http.Response) {
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		// The body is the connection. It may be written to and half closed, and
		// what goes over it is no longer HTTP.
		x.finish(resp, nil)
	case bodyless(x.req, resp):
		x.ended.Store(true)
		x.finish(resp, nil)
	default:
		x.resp, x.body = resp, resp.Body
		resp.Body = &callBody{x}
	}
}

// bodyless reports whether a response has no body. HTTP/2 has a value of its own for
// that, which is not http.NoBody.
func bodyless(req *http.Request, resp *http.Response) bool {
	switch {
	case resp.Body == nil, resp.Body == http.NoBody, req.Method == http.MethodHead:
		return true
	case resp.StatusCode == http.StatusNoContent, resp.StatusCode == http.StatusNotModified:
		return true
	}
	return resp.ProtoMajor == 2 && resp.ContentLength == 0
}

// callBody is the body of a response. It has the methods of one, and no more.
type callBody struct{ x *call }

// Read reads on, and makes the record at the end.
func (b *callBody) Read(p []byte) (int, error) {
	n, err := b.x.body.Read(p)
	b.x.got.Add(int64(n))
	switch err {
	case nil:
	case io.EOF:
		b.x.ended.Store(true)
		b.x.finish(b.x.resp, nil)
	default:
		b.x.finish(b.x.resp, err)
	}
	return n, err
}

// Close closes, and makes the record if the end was not read. What a Close says comes
// too late to be a failure of the call.
func (b *callBody) Close() error {
	err := b.x.body.Close()
	b.x.finish(b.x.resp, nil)
	return err
}

// finish makes the record, once: a body may be closed while it is read.
func (x *call) finish(resp *http.Response, err error) {
	if !x.finished.CompareAndSwap(false, true) {
		return
	}
	end := time.Now()
	o := outcome{call: x, resp: resp, err: err, end: end, duration: end.Sub(x.start)}
	o.settle()
	// The context may have ended with the call; its record is wanted all the same.
	_ = x.log.Log(context.WithoutCancel(x.req.Context()), o.record()) // M4: the client counts its errors
}
