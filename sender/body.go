package sender

import (
	"bytes"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// A body is a request body that every attempt reads anew (S2).
//
// An HTTP transport may go on reading a body after it has returned, when the
// server answered early. The bytes may be written again only when every reader
// was closed.
type body struct {
	b    []byte
	raw  int // length before compression
	open atomic.Int32
}

// reader returns a new reader of the whole body.
func (b *body) reader() io.ReadCloser {
	b.open.Add(1)
	return &bodyReader{Reader: bytes.NewReader(b.b), body: b}
}

// idle reports whether the bytes may be written again.
func (b *body) idle() bool { return b.open.Load() == 0 }

type bodyReader struct {
	*bytes.Reader
	body   *body
	closed atomic.Bool
}

func (r *bodyReader) Close() error {
	if !r.closed.Swap(true) {
		r.body.open.Add(-1)
	}
	return nil
}

// builder makes bodies. It keeps its memory and its compressor from one to the
// next, and belongs to one flight.
type builder struct {
	zip    *gzip.Writer
	prefix []byte
	old    *body // of the batch before, if any
}

// build makes the request body of a batch: everything of the request that comes
// before the records, and the records as they were stored. gzip is at level 1:
// the higher ones take several times as long for a few percent.
func (u *builder) build(batch *wal.Batch, resource []byte, c *Config) (*body, error) {
	to := u.old
	if to == nil || !to.idle() {
		to = &body{}
	}
	u.prefix = otlp.AppendRequestPrefix(u.prefix[:0], resource, c.ScopeName, c.ScopeVersion, len(batch.Data))
	to.raw = len(u.prefix) + len(batch.Data)
	if c.Compression != CompressionGzip {
		to.b = append(append(to.b[:0], u.prefix...), batch.Data...)
		return to, nil
	}
	buf := bytes.NewBuffer(to.b[:0])
	if u.zip == nil {
		w, err := gzip.NewWriterLevel(buf, gzip.BestSpeed)
		if err != nil {
			return nil, err
		}
		u.zip = w
	} else {
		u.zip.Reset(buf)
	}
	for _, part := range [][]byte{u.prefix, batch.Data} {
		if _, err := u.zip.Write(part); err != nil {
			return nil, err
		}
	}
	err := u.zip.Close()
	to.b = buf.Bytes()
	return to, err
}

// retire hands a body back that is not sent again.
func (u *builder) retire(b *body) {
	if b != nil {
		u.old = b
	}
}
