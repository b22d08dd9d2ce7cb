package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"

	"github.com/ledger-sdk/ledger-go/ledger"
	"github.com/ledger-sdk/ledger-go/sender"
)

// ledgerDrain is this library, with the rate limits off: they would make a drain of more
// than a minute out of it, which is what they are for.
type ledgerDrain struct {
	window      int
	compression string
}

// ringRoom is more than a record takes in the buffer.
const ringRoom = 1000

func (v ledgerDrain) config(d drain) ledger.Config {
	return ledger.Config{
		Dir: filepath.Join(d.dir, "ledger"), Endpoint: d.url, MaxRecords: 5 * d.n,
		MaxInFlight: v.window, Compression: v.compression,
		RateLimit: sender.RateLimit{RequestsPerMinute: -1, RequestsPerHour: -1},
	}
}

// backlog delivers what an earlier process has left on the disk. The time begins with
// the first answer that the server may give, and ends when everything is acked, and
// that stored.
func (v ledgerDrain) backlog(ctx context.Context, d drain) (effort, error) {
	cfg := v.config(d)
	away := cfg
	away.HTTPClient = &http.Client{Transport: refuse{}}
	if err := logAll(ctx, away, d.n); err != nil {
		return effort{}, err
	}
	h := newHold()
	cfg.HTTPClient = h.client()
	c, err := ledger.Open(cfg)
	if err != nil {
		return effort{}, err
	}
	flushed := make(chan error, 1)
	go func() { flushed <- c.Flush(ctx) }()
	select {
	case <-h.waiting:
	case err := <-flushed:
		return effort{}, errors.Join(err, errors.New("there was nothing to deliver"), c.Close())
	}
	m := startMeter()
	h.release()
	err = <-flushed
	e := m.stop()
	return e, errors.Join(err, delivered(c, d.n), c.Close())
}

// whole is the way of every record from the call to the ack, the server being there. The
// buffer has room for everything, as the queue of OpenTelemetry's has.
func (v ledgerDrain) whole(ctx context.Context, d drain) (effort, error) {
	cfg := v.config(d)
	h := newHold()
	h.release()
	cfg.HTTPClient, cfg.RingBytes = h.client(), 1<<20+d.n*ringRoom
	c, err := ledger.Open(cfg)
	if err != nil {
		return effort{}, err
	}
	s := newSample()
	m := startMeter()
	logTo(ctx, c, s, 0, d.n)
	err = c.Flush(ctx)
	e := m.stop()
	return e, errors.Join(err, delivered(c, d.n), c.Close())
}

// logAll leaves n records on the disk.
func logAll(ctx context.Context, cfg ledger.Config, n int) error {
	c, err := ledger.Open(cfg)
	if err != nil {
		return err
	}
	s := newSample()
	for from := 0; from < n && err == nil; from += 10_000 {
		logTo(ctx, c, s, from, min(from+10_000, n))
		err = c.Sync(ctx) // Nothing is evicted because it comes faster than the disk takes it.
	}
	return errors.Join(err, c.Close())
}

// logTo logs records [from, to).
func logTo(ctx context.Context, c *ledger.Client, s *sample, from, to int) {
	var a [5]slog.Attr
	for i := from; i < to; i++ {
		r := ledger.Record{Message: s.message(i), Attrs: s.attrs(&a, i)}
		_ = c.Log(ctx, r) // What it does not take is missed at the server.
	}
}

func delivered(c *ledger.Client, n int) error {
	if s := c.Stats(); s.Pending > 0 || s.Delivered != uint64(n) {
		return fmt.Errorf("%d records delivered and %d pending, of %d", s.Delivered, s.Pending, n)
	}
	return nil
}
