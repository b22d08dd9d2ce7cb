package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/ledger-sdk/ledger-go/sender"
)

const (
	// scopeName is the instrumentation scope that the library sends records under.
	scopeName = "github.com/ledger-sdk/ledger-go"
	// watchEvery is how often delivery is looked at.
	watchEvery = 20 * time.Millisecond
)

// pace is how a replay sends, and when it gives up.
type pace struct {
	rate, batch, inFlight int
	compression           string
	requestTimeout        time.Duration
	backoff               time.Duration
	maxAttempts           int           // in a row without success; 0 is no limit
	timeout               time.Duration // of the whole replay; 0 is no limit
}

// delivery is the second pass of a replay.
type delivery struct {
	feed     *feed
	chunker  *chunker
	tap      *tap
	sender   *sender.Sender
	progress *progress
	pace     pace
	planned  int
}

// newDelivery builds everything and starts nothing.
func newDelivery(s *scan, p *plan, to destination, pc pace, out *progress) (*delivery, error) {
	d := &delivery{tap: newTap(pc.inFlight, to.redact), progress: out, pace: pc, planned: p.Records}
	d.feed = newFeed(pc.inFlight + 1) // One more than can be on its way is read ahead.
	d.chunker = newChunker(d.feed, pc.batch, pc.rate)
	var err error
	d.sender, err = sender.New(d.feed, d.feed, sender.Config{
		URL: to.url, Header: to.header, APIKey: to.apiKey,
		FlushSize: pc.batch, MaxBatchBytes: maxBatchBytes, MaxInFlight: pc.inFlight,
		Retry:       sender.Retry{Initial: pc.backoff},
		Compression: pc.compression, Timeout: pc.requestTimeout,
		HTTPClient: &http.Client{Transport: d.tap}, Logger: slog.New(out),
		UserAgent: "ledger-replay/" + thisBuild().Version, ScopeName: scopeName,
		Resource: s.known(),
	})
	return d, err
}

// run sends until all is delivered, or until something ends it, and says what
// that was: "" if nothing did. An error is one of reading the log.
func (d *delivery) run(ctx context.Context, s *scan) (reason string, err error) {
	defer d.tap.close()
	running, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	var feedErr, sendErr error
	d.sender.Nudge() // Somebody waits: the first attempt is not spread over time.
	work.Go(func() { feedErr = d.chunker.run(running, s) })
	work.Go(func() { sendErr = d.sender.Run(running) })
	reason = d.watch(ctx)
	stop()
	work.Wait()
	d.progress.done()
	switch {
	case ctx.Err() != nil:
		return reason, ctx.Err()
	case reason != "":
		return reason, nil // It stopped the reading of the log too.
	case feedErr != nil:
		return "the log could not be read to its end", feedErr
	}
	return "", sendErr
}

// watch waits for the end of delivery, and decides when it is one.
func (d *delivery) watch(ctx context.Context) string {
	return d.pace.watch(ctx, d.sender, d.feed.drained, func(h sender.Health, now time.Time) string {
		acked, _ := d.feed.progress()
		d.progress.show(acked, d.planned, h, now)
		return ""
	})
}

// watch looks at a sender until it has done its work or there is no point in going on,
// and says what that was: "" if it is done. look shows how it goes and may have a reason
// of its own.
func (p *pace) watch(ctx context.Context, s *sender.Sender, done <-chan struct{}, look func(sender.Health, time.Time) string) string {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var timeout <-chan time.Time
	if p.timeout > 0 {
		timer := time.NewTimer(p.timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		select {
		case <-done:
			return ""
		case <-ctx.Done():
			return "interrupted"
		case <-timeout:
			return fmt.Sprintf("timeout after %s", p.timeout) + becauseOf(s.Health())
		case now := <-tick.C:
			h := s.Health()
			if reason := look(h, now); reason != "" {
				return reason
			}
			if reason := givesUp(h, s.Stats().InFlight, p.maxAttempts); reason != "" {
				return reason
			}
		}
	}
}

// givesUp says why delivery has no point any more, "" if it has. A hold does not
// end by itself, and a person is there to do something about it. A pause that the
// server asked for is no failure. Requests that are still on their way may succeed
// and are waited for.
func givesUp(h sender.Health, inFlight, maxAttempts int) string {
	switch {
	case inFlight > 0:
	case h.Phase == sender.PhaseHold:
		return "the server refuses" + becauseOf(h)
	case maxAttempts > 0 && h.FailedAttempts >= maxAttempts:
		return "gave up after " + count(h.FailedAttempts, "failed attempt") + becauseOf(h)
	}
	return ""
}

// becauseOf is what was last heard, as the end of a sentence.
func becauseOf(h sender.Health) string {
	text := ""
	if h.Reason != "" {
		text = ": " + h.Reason
		if h.Message != "" {
			text += " (" + h.Message + ")"
		}
	}
	return text
}
