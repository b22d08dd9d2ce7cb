package sender

import (
	"context"
	"time"

	"github.com/ledger-sdk/ledger-go/wal"
)

// loop is a run of a sender: one goroutine that owns everything here. Attempts
// have goroutines of their own, at most MaxInFlight, which run joins.
type loop struct {
	s   *Sender
	src Source
	cfg *Config

	pos     wal.Offset // read up to here
	through wal.Offset // a flush wants everything up to here sent now
	win     *window
	gate    *gate
	limit   *limiter
	linger  linger
	acks    *acks
	report  *reporter

	attempts attempts

	phaseSince  time.Time
	why         outcome // what closed the gate last
	warning     string
	failures    int // attempts since delivery worked
	lastSuccess time.Time
	readErr     error
	readAgain   time.Time
	paced       bool // something is due and waits for our own rate limit
	stopped     bool
}

func newLoop(s *Sender) *loop {
	cfg := &s.cfg
	l := &loop{
		s: s, src: s.src, cfg: cfg,
		pos:      s.src.Head(),
		win:      newWindow(cfg.MaxInFlight),
		gate:     newGate(cfg.MaxInFlight, cfg.Retry),
		limit:    newLimiter(cfg.RateLimit),
		acks:     newAcks(s.src, s.store),
		report:   newReporter(cfg.Logger),
		attempts: attempts{results: make(chan result, cfg.MaxInFlight)},
	}
	l.linger = linger{records: l.limits().Records, bytes: int64(cfg.MaxBatchBytes), interval: cfg.FlushInterval}
	return l
}

func (l *loop) run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		// Fetched before anything is looked at: what comes later closes it.
		changed := l.src.Changed()
		asked := l.s.take()
		if l.through = max(l.through, asked.through); asked.nudge {
			l.gate.nudge()
		}
		l.settle()
		next := l.advance(ctx)
		l.publish()
		if l.win.full() || time.Now().Before(l.gate.until) {
			changed = nil // More records would change nothing now.
		}
		timer.Reset(until(next))
		select {
		case r := <-l.attempts.results:
			l.take(ctx, r)
		case <-changed:
		case <-l.s.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		l.takeAll(ctx)
	}
	return l.stop(ctx)
}

// stop joins the attempts, which ctx has cancelled, and keeps what they achieved.
func (l *loop) stop(ctx context.Context) error {
	l.attempts.all.Wait()
	l.takeAll(ctx)
	l.settle()
	err := l.acks.finish(time.Now())
	l.stopped = true
	l.publish()
	if l.s.post.own {
		l.s.post.client.CloseIdleConnections()
	}
	return err
}

// settle acks the batches that are delivered with all before them, and makes that
// durable: once for all of them, and again where it failed before.
func (l *loop) settle() {
	now, acked := time.Now(), false
	for f := l.win.popDone(); f != nil; f = l.win.popDone() {
		l.acks.add(&f.batch)
		l.win.giveBack(f)
		acked = true
	}
	retry := l.acks.retryAt()
	if acked || !retry.IsZero() && !now.Before(retry) {
		l.acks.save(now)
		l.report.disk(&l.report.saving, now, "save the acked offset", l.acks.err)
	}
}

// advance starts every attempt that may start now and returns when to look again,
// zero if only an event can change anything.
func (l *loop) advance(ctx context.Context) time.Time {
	next := l.acks.retryAt()
	for {
		now := time.Now()
		if !l.gate.admits(now, l.win.flyingIn(l.gate.round)) {
			if now.Before(l.gate.until) {
				next = earlier(next, l.gate.until)
			}
			return next
		}
		f, when := l.pick(now)
		if f == nil {
			return earlier(next, when)
		}
		l.launch(ctx, f, now)
	}
}

// pick returns the batch to send next: the oldest that failed, else a new one if
// one is due. If there is none it says when there may be, zero if an event tells.
func (l *loop) pick(now time.Time) (*flight, time.Time) {
	l.paced = false
	if f := l.oldestWaiting(); f != nil {
		if wait := l.limit.wait(now, f.batch.Len()); wait > 0 {
			l.paced = true
			return nil, now.Add(wait)
		}
		return f, time.Time{}
	}
	if l.win.full() {
		return nil, time.Time{}
	}
	backlog := l.src.Backlog(l.pos)
	if backlog.Records == 0 {
		return nil, time.Time{}
	}
	if l.pos >= l.through {
		if due := l.linger.due(backlog, l.pos, now); due.After(now) {
			return nil, due
		}
	}
	if now.Before(l.readAgain) {
		return nil, l.readAgain
	}
	lim := l.limits()
	if wait := l.limit.wait(now, min(backlog.Records, lim.Records)); wait > 0 {
		l.paced = true
		return nil, now.Add(wait)
	}
	return l.read(now, lim)
}

// limits returns how much a batch may hold.
func (l *loop) limits() wal.Limits {
	n := l.cfg.FlushSize
	if l.limit.maxRecords > 0 {
		n = min(n, l.limit.maxRecords)
	}
	return wal.Limits{Records: n, Bytes: l.cfg.MaxBatchBytes}
}

// read takes the next batch from the log into the window.
func (l *loop) read(now time.Time, lim wal.Limits) (*flight, time.Time) {
	f := l.win.next()
	l.readErr = l.src.Read(&f.batch, l.pos, lim)
	l.report.disk(&l.report.reading, now, "read the log", l.readErr)
	switch {
	case l.readErr != nil:
		l.win.giveBack(f)
		l.readAgain = now.Add(saveRetry)
		return nil, l.readAgain
	case f.batch.Len() == 0: // What was there a moment ago was evicted.
		l.win.giveBack(f)
		return nil, now.Add(time.Second)
	}
	l.pos = f.batch.Last()
	l.win.push(f)
	return f, time.Time{}
}

// oldestWaiting returns the oldest batch that is to be sent again, without the
// records that were evicted while it waited.
func (l *loop) oldestWaiting() *flight {
	for f := l.win.oldestWaiting(); f != nil; f = l.win.oldestWaiting() {
		if !cut(&f.batch, l.src.Head()) {
			return f
		}
		f.dropBody()
		if f.batch.Len() > 0 {
			return f
		}
		l.win.remove(f)
		l.settle() // Batches behind it may have been waiting for it.
	}
	return nil
}

func until(t time.Time) time.Duration {
	if t.IsZero() {
		return time.Hour // There is an event to come, or nothing to do.
	}
	return max(time.Until(t), 0)
}

// earlier returns the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
