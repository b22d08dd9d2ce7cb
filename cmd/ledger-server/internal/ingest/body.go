package ingest

import (
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// firstBuffer is what a body is read into at first. It grows with what arrives,
// not with what a header announces.
const firstBuffer = 32 << 10

// A bodyReader reads request bodies. It may be used concurrently.
type bodyReader struct {
	limit   int64     // of a body, both as sent and inflated
	inflate sync.Pool // of *gzip.Reader
}

// read returns the body, inflated, or a problem. It takes the memory from l
// before it allocates, and it stops reading at the limit: a body of a few bytes
// that inflates to gigabytes costs no more than the limit.
func (b *bodyReader) read(w http.ResponseWriter, r *http.Request, l *lease) ([]byte, error) {
	compressed, err := gzipped(r)
	if err != nil {
		return nil, err
	}
	if r.ContentLength > b.limit {
		return nil, b.over()
	}
	var src io.Reader = http.MaxBytesReader(w, r.Body, b.limit)
	if compressed {
		z, err := b.gunzip(src)
		if err != nil {
			return nil, b.classify(err)
		}
		defer b.inflate.Put(z)
		src = z
	}
	return b.readAll(src, l)
}

// gunzip returns a gzip reader on src, a used one if there is any: a new one is
// 40 KiB to make.
func (b *bodyReader) gunzip(src io.Reader) (*gzip.Reader, error) {
	z, ok := b.inflate.Get().(*gzip.Reader)
	if !ok {
		return gzip.NewReader(src)
	}
	if err := z.Reset(src); err != nil {
		b.inflate.Put(z)
		return nil, err
	}
	return z, nil
}

func (b *bodyReader) readAll(src io.Reader, l *lease) ([]byte, error) {
	if err := l.take(firstBuffer); err != nil {
		return nil, err
	}
	buf := make([]byte, 0, firstBuffer)
	for {
		n, err := src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > b.limit:
			return nil, b.over()
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, b.classify(err)
		}
		if len(buf) < cap(buf) {
			continue
		}
		// One byte more than the limit is enough to see that it is exceeded.
		size := min(2*int64(cap(buf)), b.limit+1)
		if err := l.take(size - int64(cap(buf))); err != nil {
			return nil, err
		}
		grown := make([]byte, len(buf), size)
		copy(grown, buf)
		buf = grown
	}
}

func (b *bodyReader) over() error {
	return tooLarge("body is larger than %d bytes", b.limit)
}

// classify says whose fault a failed read is.
func (b *bodyReader) classify(err error) error {
	var (
		over    *http.MaxBytesError
		timeout net.Error
	)
	switch {
	case errors.As(err, &over):
		return b.over()
	case errors.As(err, &timeout) && timeout.Timeout():
		return &problem{status: http.StatusRequestTimeout, message: "body did not arrive in time"}
	}
	return malformed("body cannot be read: damaged or cut off")
}
