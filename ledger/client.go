package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/ledger-sdk/ledger-go/internal/fsx"
	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/internal/own"
	"github.com/ledger-sdk/ledger-go/internal/ring"
	"github.com/ledger-sdk/ledger-go/internal/scrub"
	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// Client is the queue between an application and its log server. All methods are
// safe for concurrent use.
type Client struct {
	cfg      Config
	ids      *idSource
	scrub    *scrub.Scrubber // nil: nothing is hidden
	resource resource

	ring    *ring.Ring
	told    uint64     // evictions that the log heard of from an earlier process's ring
	noMap   error      // why the ring is in ordinary memory, nil if it is mapped
	adopted wal.Offset // the last offset that this process did not admit: its ring never held it
	log     *wal.Log
	state   *sender.State
	dead    *sender.DeadLog
	spill   *spill
	lanesMu sync.Mutex
	lanes   []*lane // the ways to the destinations, never empty; replaced, not changed

	closedCalls  atomic.Uint64 // calls that admitted nothing: the client was closed
	invalidCalls atomic.Uint64 // or the record too large
	dropped      atomic.Uint64 // records that BeforeSend dropped
	panics       atomic.Uint64 // of BeforeSend

	fields atomic.Pointer[fieldLimits] // that a server told of, nil if none did

	caps     sync.Mutex // held by enforceCaps
	losses   losses
	trend    trend
	outcomes outcomes // as the metrics showed them

	stop       context.CancelFunc // ends the sender
	goroutines sync.WaitGroup     // the spill loop and the sender
	closing    sync.Mutex         // held by Shutdown and Close
	closed     bool               // guarded by closing
}

// resource is what every record of this process is delivered with.
type resource struct {
	id    uint32
	bytes []byte
	size  int // in the server's measure, see prepare
}

// Open locks the directory, recovers what an earlier process left there and
// starts delivery. It never touches the network: an unreachable server is not an
// error.
//
// Errors: one that joins a [*ConfigError] for every bad field; one that matches
// [ErrLocked]; an I/O error of the disk.
func Open(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg.withDefaults(), ids: newIDSource(), scrub: cfg.Scrub.scrubber()}
	if err := c.open(); err != nil {
		return nil, fmt.Errorf("ledger: open: %w", errors.Join(err, c.release()))
	}
	c.Health() // Takes the losses of earlier processes as the mark to measure from.
	ctx, stop := context.WithCancel(own.Mark(context.Background()))
	c.stop = stop
	c.goroutines.Go(c.spill.run)
	for _, s := range c.senders() {
		c.goroutines.Go(func() {
			_ = s.Run(ctx) // What it could not store was not acked: it is sent again.
		})
	}
	c.reportRecovery()
	return c, nil
}

// open builds everything and starts nothing.
func (c *Client) open() (err error) {
	dir := c.cfg.Dir
	if err = fsx.MkdirAll(dir); err != nil {
		return err
	}
	// Its name too survives a power cut, if we may look at where it is.
	_ = fsx.SyncDir(filepath.Dir(dir))
	if c.state, err = sender.OpenState(dir); err != nil {
		return err
	}
	from, err := c.findOrigin(filepath.Join(dir, "wal"))
	if err != nil {
		return err
	}
	quarantine := filepath.Join(dir, "quarantine")
	c.log, err = wal.Open(filepath.Join(dir, "wal"), wal.Options{
		Epoch:         from.epoch,
		Checkpoint:    from.checkpoints[0],
		Readers:       from.checkpoints[1:],
		SegmentSize:   segmentSize(c.cfg.MaxBytes),
		KeepAcked:     c.cfg.KeepAcked,
		QuarantineDir: quarantine,
		NoSync:        c.cfg.Durability == SyncNever,
	})
	if err != nil {
		return err
	}
	if err = c.registerResource(); err != nil {
		return err
	}
	if c.dead, err = sender.OpenDead(filepath.Join(dir, "dead"), c.state, c.cfg.DeadLetters, quarantine); err != nil {
		return err
	}
	c.openRing(from.epoch)
	if err = c.openLanes(from.names); err != nil {
		return err
	}
	c.spill = newSpill(c)
	return nil
}

// start runs f on a goroutine that is the application's: it is not stopped and not
// waited for when the client is closed.
func start(f func()) { go f() }

// registerResource stores what this process is, for records that a later one
// delivers.
func (c *Client) registerResource() error {
	attrs := resourceAttrs(c.cfg, c.state.Identity())
	c.resource.bytes = otlp.AppendResource(nil, attrs)
	c.resource.size = resourceSize(attrs)
	id, err := c.state.AddResource(c.resource.bytes)
	if err != nil {
		return err
	}
	c.resource.id = id
	c.log.SetResource(id, c.resource.bytes)
	return nil
}

// resourceBytes finds a resource in the state, or in the log if the state was lost.
func (c *Client) resourceBytes(id uint32) []byte {
	if b, ok := c.state.Resource(id); ok {
		return b
	}
	return c.log.Resource(id)
}

// segmentSize keeps several segments within the bound, so that eviction and
// reclaiming have something to work with.
func segmentSize(maxBytes int64) int64 {
	const least, most = 64 << 10, 1 << 20
	return min(max(maxBytes/16, least), most)
}

// release closes what open opened.
func (c *Client) release() error {
	var err error
	if c.ring != nil {
		err = c.ring.Unmap()
	}
	if c.log != nil {
		err = errors.Join(err, c.log.Close())
	}
	if c.dead != nil {
		err = errors.Join(err, c.dead.Close())
	}
	if c.state != nil {
		err = errors.Join(err, c.state.Close())
	}
	return err
}

// reportRecovery says once what an unclean end left behind.
func (c *Client) reportRecovery() {
	if what := c.state.Recovered(); what != "" {
		c.cfg.Logger.Warn("state was set aside", slog.String("what", what))
	}
	r := c.log.Recovery()
	if r.QuarantinedBytes > 0 || r.ForeignBytes > 0 || r.Lost > 0 {
		c.cfg.Logger.Warn("damage in the log",
			slog.Uint64("lost", r.Lost), slog.Int64("quarantined_bytes", r.QuarantinedBytes),
			slog.Int64("foreign_bytes", r.ForeignBytes))
	}
}
