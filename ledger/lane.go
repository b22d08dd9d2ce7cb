package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/ledger-sdk/ledger-go/sender"
	"github.com/ledger-sdk/ledger-go/wal"
)

// A lane is the way to one destination: its place in the log, its books, its sender.
type lane struct {
	name   string
	reader *wal.Reader
	books  *store
	// sender is nil for a destination that is no longer configured. Its records wait
	// until it is configured again, a cap takes them, or it is forgotten.
	sender *sender.Sender
}

// laneNames returns the destinations of the log: those that are configured, in their
// order, and then those that only the state knows.
func (c *Client) laneNames() []string {
	var names []string
	for _, d := range c.cfg.destinations() {
		names = append(names, d.Name)
	}
	for _, name := range c.state.Destinations() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// openLanes makes the ways to all destinations, in the order of the log's readers.
func (c *Client) openLanes(names []string) error {
	configured := c.cfg.destinations()
	for i, name := range names {
		ln := &lane{name: name, reader: c.log.Reader(i)}
		ln.books = &store{Account: c.state.Account(name), log: ln.reader}
		c.lanes = append(c.lanes, ln)
		// A letter that was made durable by a process that then died, before it could say
		// that the record needs nothing else any more (S1, L2).
		// If it cannot be stored the next process does it.
		_ = c.dead.Reconcile(ln.reader, ln.books.Account)
		if ln.books.Checkpoint().Epoch == 0 { // It joins now: from here on it is known.
			if err := ln.books.Save(wal.Checkpoint{}, sender.Counters{}); err != nil {
				return err
			}
		}
		if i >= len(configured) {
			continue
		}
		var err error
		if ln.sender, err = sender.New(ln.reader, ln.books, c.senderConfig(configured[i])); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) senderConfig(d Destination) sender.Config {
	cfg := c.cfg.of(d)
	header := http.Header{}
	for k, v := range cfg.Headers {
		header.Set(k, v)
	}
	logger := cfg.Logger
	if len(c.cfg.destinations()) > 1 {
		logger = logger.With(slog.String("destination", d.Name))
	}
	return sender.Config{
		Name: d.Name,
		URL:  cfg.url(), Header: header, APIKey: cfg.APIKey, TLS: cfg.tlsConfig(),
		FlushSize: min(cfg.FlushSize, cfg.MaxRecords), FlushInterval: cfg.FlushInterval,
		MaxInFlight: cfg.MaxInFlight, Retry: cfg.Retry, RateLimit: cfg.RateLimit,
		LearnLimits: cfg.LearnLimits, OnFieldLimits: c.learnFields, FreshFirst: cfg.FreshFirst, Dead: c.dead,
		Compression: cfg.Compression, Timeout: cfg.Timeout,
		HTTPClient: cfg.HTTPClient, Logger: logger,
		UserAgent: "ledger-go/" + Version, ScopeName: scopeName, ScopeVersion: Version,
		Resource: c.resourceBytes,
	}
}

// learnFields takes in the field limits of a server. A record is encoded once, for all
// destinations, so the lowest count. Several senders may call it at once.
func (c *Client) learnFields(told sender.FieldLimits) {
	for {
		was := c.fields.Load()
		now := knownLimits()
		if was != nil {
			now = *was
		}
		now = now.within(told)
		if c.fields.CompareAndSwap(was, &now) {
			return
		}
	}
}

// senders returns those of the destinations that are configured.
func (c *Client) senders() []*sender.Sender {
	var all []*sender.Sender
	for _, ln := range c.ways() {
		if ln.sender != nil {
			all = append(all, ln.sender)
		}
	}
	return all
}

// ways returns the lanes of this moment.
func (c *Client) ways() []*lane {
	c.lanesMu.Lock()
	defer c.lanesMu.Unlock()
	return c.lanes
}

// Forget gives up what a destination that is no longer configured has not got, and its
// dead letters: nothing keeps them from then on. It returns an error if the name is that
// of a destination that is configured or unknown, or one of the disk.
func (c *Client) Forget(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.lanesMu.Lock()
	defer c.lanesMu.Unlock()
	i := slices.IndexFunc(c.lanes, func(ln *lane) bool { return ln.name == name })
	switch {
	case i < 0:
		return fmt.Errorf("ledger: forget %q: there is no such destination", name)
	case c.lanes[i].sender != nil:
		return fmt.Errorf("ledger: forget %q: it is configured", name)
	}
	if err := c.state.Forget(name); err != nil {
		return fmt.Errorf("ledger: forget %q: %w", name, err)
	}
	c.log.Drop(c.lanes[i].reader)
	c.lanes = slices.Delete(slices.Clone(c.lanes), i, i+1)
	if _, err := c.dead.Forget(func(l sender.DeadLetter) bool { return l.Destination == name }); err != nil {
		return fmt.Errorf("ledger: forget %q: %w", name, err)
	}
	return nil
}
