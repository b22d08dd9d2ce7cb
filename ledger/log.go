package ledger

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/wal"
)

// scratch is the memory that encoding one record needs, reused so that a log
// call allocates nothing beyond what its attributes do.
type scratch struct {
	prep preparer
	buf  []byte
}

// maxScratch keeps one huge record from pinning its memory in the pool for good.
const maxScratch = 64 << 10

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Log admits a record. When it returns nil the record is on its way, and nothing
// more is needed from the caller: it survives an outage of the server and, once
// synced, a power cut. Log waits neither for the disk, unless Durability is
// SyncAlways, nor for the network (L1). It does not keep r or what it refers to.
//
// ctx carries the trace, see [ContextWithTrace], and what the records of a request have
// in common, see [ContextWithScope]; under SyncAlways its end also ends the wait.
//
// Errors: [ErrClosed], [ErrTooLarge]; under SyncAlways one that matches
// [ErrNotSynced], or that of ctx, with the record admitted all the same.
func (c *Client) Log(ctx context.Context, r Record) error {
	if own.Is(ctx) {
		return nil // S3: what the library does on its own account makes no records.
	}
	s := c.stamp(ctx, time.Now())
	if c.cfg.BeforeSend != nil {
		return c.logHooked(ctx, r, s)
	}
	return c.admit(ctx, &r, &s)
}

// logHooked is Log for clients with a hook. It is a function of its own because a
// record that a hook may keep has to be on the heap.
func (c *Client) logHooked(ctx context.Context, r Record, s stamp) error {
	c.scrubbed(&r, s.scope)
	s.scope, s.last = nil, true
	if !c.beforeSend(ctx, &r) {
		c.dropped.Add(1)
		return nil
	}
	return c.admit(ctx, &r, &s)
}

// admit encodes a record and puts it into the ring.
func (c *Client) admit(ctx context.Context, r *Record, st *stamp) error {
	s, _ := scratches.Get().(*scratch)
	s.buf = s.prep.encode(s.buf[:0], r, st)
	admitted, err := c.ring.Push(s.buf, st.now.UnixNano())
	s.prep.reset()
	if cap(s.buf) <= maxScratch {
		scratches.Put(s)
	}
	if err != nil {
		if errors.Is(err, ring.ErrClosed) {
			c.closedCalls.Add(1)
			return ErrClosed
		}
		c.invalidCalls.Add(1)
		return ErrTooLarge
	}
	c.spill.admitted(admitted)
	if c.cfg.Durability == SyncAlways {
		return c.spill.wait(ctx, wal.Offset(admitted.Offset))
	}
	return nil
}

// beforeSend asks the hook about r. A panic in it is counted and reported, and
// leaves the record as it was: a broken hook must not lose what it was to guard,
// nor break the request that logs.
func (c *Client) beforeSend(ctx context.Context, r *Record) (keep bool) {
	before := *r
	defer func() {
		if p := recover(); p != nil {
			c.panics.Add(1)
			*r, keep = before, true
			if c.panics.Load() == 1 {
				c.cfg.Logger.ErrorContext(ctx, "BeforeSend panicked; the record was admitted unchanged", slog.Any("panic", p))
			}
		}
	}()
	return c.cfg.BeforeSend(ctx, r)
}

// Debug logs a message. What keeps it from being admitted is counted in Stats; use
// [Client.Log] to see the error.
func (c *Client) Debug(ctx context.Context, msg string, attrs ...slog.Attr) {
	c.message(ctx, slog.LevelDebug, msg, attrs)
}

// Info logs a message, see [Client.Debug].
func (c *Client) Info(ctx context.Context, msg string, attrs ...slog.Attr) {
	c.message(ctx, slog.LevelInfo, msg, attrs)
}

// Warn logs a message, see [Client.Debug].
func (c *Client) Warn(ctx context.Context, msg string, attrs ...slog.Attr) {
	c.message(ctx, slog.LevelWarn, msg, attrs)
}

// Error logs a message, see [Client.Debug].
func (c *Client) Error(ctx context.Context, msg string, attrs ...slog.Attr) {
	c.message(ctx, slog.LevelError, msg, attrs)
}

// Critical logs a message, see [Client.Debug].
func (c *Client) Critical(ctx context.Context, msg string, attrs ...slog.Attr) {
	c.message(ctx, LevelCritical, msg, attrs)
}

func (c *Client) message(ctx context.Context, level slog.Level, msg string, attrs []slog.Attr) {
	_ = c.Log(ctx, Record{Level: level, Message: msg, Type: TypeConsole, Attrs: attrs})
}
